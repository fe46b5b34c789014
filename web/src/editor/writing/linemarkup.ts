/** Markup at the start of lines: headings, lists, tasks, quotes. Pure. */

import type { EditorState } from "../../vendor/codemirror";
import { rewriteLines, selectedLines, type Line, type Rewrite, type TextChange } from "./rewrite";

export type ListKind = "bullet" | "ordered" | "task";

/** A line taken apart: quote signs and indentation, the mark of a list item, the box of a task. */
export interface ItemParts {
  /** Quote signs and blanks in front of the mark. */
  readonly indent: string;
  /** `-`, `*`, `+`, `3.` or `3)`, or nothing. */
  readonly sign: string;
  /** The mark with the blanks behind it. */
  readonly mark: string;
  /** `[ ] ` or `[x] `, or nothing. */
  readonly box: string;
  readonly kind: ListKind | null;
}

const ITEM = /^((?:[ \t]*>)*[ \t]*)(?:(([-*+])|\d{1,9}[.)])([ \t]+|$))?(\[[ xX]\](?:[ \t]+|$))?/;

export function itemParts(line: string): ItemParts {
  const found = ITEM.exec(line);
  const sign = found?.[2] ?? "";
  const box = sign === "" ? "" : (found?.[5] ?? "");
  const kind = sign === "" ? null : box !== "" ? "task" : found?.[3] === undefined ? "ordered" : "bullet";
  return { indent: found?.[1] ?? "", sign, mark: sign + (found?.[4] ?? ""), box, kind };
}

/** Lines that a command for lines means: those with text, or the only one although it is empty. */
function linesWithText(state: EditorState): Line[] {
  const lines = selectedLines(state);
  const written = lines.filter(({ text }) => text.trim() !== "");
  return written.length > 0 ? written : lines.slice(0, 1);
}

/** More lines than this are not asked what they are. */
const MAX_LINES_ASKED = 100;

/** Whether all lines that a command would mean are `what`. */
const areAll =
  (what: (text: string) => boolean) =>
  (state: EditorState): boolean => {
    const { from, to } = state.selection.main;
    if (state.doc.lineAt(to).number - state.doc.lineAt(from).number > MAX_LINES_ASKED) return false;
    return linesWithText(state).every(({ text }) => what(text));
  };

export const isHeading = (level: number): ((state: EditorState) => boolean) =>
  areAll((text) => levelOf(text) === level);

export const isList = (kind: ListKind): ((state: EditorState) => boolean) =>
  areAll((text) => itemParts(text).kind === kind);

export const isQuote = areAll((text) => /^[ \t]*>/.test(text));

// --- headings ---

const HEADING = /^(#{1,6})(?:[ \t]+|$)/;

const levelOf = (line: string): number => HEADING.exec(line)?.[1]?.length ?? 0;

/** Make the lines headings of a level; those that all are become text again. */
export const toggleHeading =
  (level: number): Rewrite =>
  (state) => {
    const lines = linesWithText(state);
    const all = lines.every(({ text }) => levelOf(text) === level);
    return rewriteLines(state, lines.flatMap((line) => toLevel(line, all ? 0 : level)));
  };

/** Text, heading 1, 2, 3 and text again, by the first line. */
export const cycleHeading: Rewrite = (state) => {
  const lines = linesWithText(state);
  const level = levelOf(lines[0]?.text ?? "");
  return rewriteLines(state, lines.flatMap((line) => toLevel(line, level >= 3 ? 0 : level + 1)));
};

function toLevel(line: Line, level: number): TextChange[] {
  const old = HEADING.exec(line.text)?.[0] ?? "";
  const insert = level === 0 ? "" : `${"#".repeat(level)} `;
  return old === insert ? [] : [{ from: line.from, to: line.from + old.length, insert }];
}

// --- lists ---

/** Make the lines items of a kind of list; items that all are of it become text again. */
export const toggleList =
  (kind: ListKind): Rewrite =>
  (state) => {
    const lines = linesWithText(state);
    const parts = lines.map((line) => itemParts(line.text));
    if (parts.every((part) => part.kind === kind)) return rewriteLines(state, lines.flatMap(withoutMark));
    const numbers = new Map<string, number>();
    return rewriteLines(
      state,
      lines.flatMap((line, index) => {
        const part = parts[index] ?? itemParts(line.text);
        const number = (numbers.get(part.indent) ?? 0) + 1;
        numbers.set(part.indent, number);
        return replaceMark(line, part, markOf(kind, number, part));
      }),
    );
  };

function markOf(kind: ListKind, number: number, { sign, kind: old }: ItemParts): string {
  if (kind === "ordered") return `${number}. `;
  const bullet = old === "bullet" || old === "task" ? sign : "-";
  return kind === "bullet" ? `${bullet} ` : `${bullet} [ ] `;
}

function replaceMark(line: Line, { indent, mark, box, kind }: ItemParts, insert: string): TextChange[] {
  const from = line.from + indent.length;
  // A box that is ticked stays ticked when its item gets another kind of mark.
  const keepsBox = kind === "task" && insert.endsWith("] ");
  return keepsBox ? [] : [{ from, to: from + mark.length + box.length, insert }];
}

function withoutMark(line: Line): TextChange[] {
  const { indent, mark, box } = itemParts(line.text);
  const from = line.from + indent.length;
  return [{ from, to: from + mark.length + box.length }];
}

/** Tick the tasks of the lines, or untick them when all are ticked; what is no task becomes one. */
export const toggleTask: Rewrite = (state) => {
  const lines = linesWithText(state);
  const parts = lines.map((line) => itemParts(line.text));
  if (parts.some(({ kind }) => kind !== "task")) {
    return rewriteLines(state, lines.flatMap((line) => intoTask(line)));
  }
  const ticked = parts.every(({ box }) => /x/i.test(box));
  return rewriteLines(
    state,
    lines.flatMap((line, index) => {
      const { indent, mark, box } = parts[index] ?? itemParts(line.text);
      if (/x/i.test(box) !== ticked) return [];
      const at = line.from + indent.length + mark.length + 1;
      return [{ from: at, to: at + 1, insert: ticked ? " " : "x" }];
    }),
  );
};

function intoTask(line: Line): TextChange[] {
  const { indent, mark, kind } = itemParts(line.text);
  if (kind === "task") return [];
  const at = line.from + indent.length + mark.length;
  if (kind === null) return [{ from: at, insert: "- [ ] " }];
  return [{ from: at, insert: /[ \t]$/.test(mark) ? "[ ] " : " [ ] " }];
}

// --- quotes ---

/** Quote the lines; lines that all are quoted are taken out of one level of quotes. */
export const toggleQuote: Rewrite = (state) => {
  const lines = selectedLines(state);
  const quoted = (line: Line): boolean => /^[ \t]*>/.test(line.text);
  if (lines.every(quoted)) {
    return rewriteLines(
      state,
      lines.flatMap((line) => {
        const sign = /^([ \t]*)(> ?)/.exec(line.text);
        const from = line.from + (sign?.[1]?.length ?? 0);
        return [{ from, to: from + (sign?.[2]?.length ?? 0) }];
      }),
    );
  }
  return rewriteLines(
    state,
    lines.map((line) => ({ from: line.from, insert: line.text === "" && lines.length > 1 ? ">" : "> " })),
  );
};
