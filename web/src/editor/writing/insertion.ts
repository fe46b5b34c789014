/** Blocks and links that are put in: code, table, rule, link. Pure. */

import { EditorSelection, type EditorState, type TransactionSpec } from "../../vendor/codemirror";
import { rewriteRanges, selectedLines, type RangeRewrite, type Rewrite } from "./rewrite";

const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/i;

/** Make the selection the words of a link, or its address if it is one; the caret goes to what is missing. */
export const insertLink: Rewrite = (state) =>
  rewriteRanges(state, (range): RangeRewrite => {
    const word = range.empty ? state.wordAt(range.head) : null;
    const { from, to } = word ?? range;
    const text = state.sliceDoc(from, to);
    if (ADDRESS.test(text.trim())) {
      return {
        changes: [{ from, to, insert: `[](${text.trim()})` }],
        range: EditorSelection.cursor(from + 1),
      };
    }
    const inside = from === to ? from + 1 : to + 3;
    return {
      changes: [
        { from, insert: "[" },
        { from: to, insert: "]()" },
      ],
      range: EditorSelection.cursor(inside),
    };
  });

/** Put the selected lines into a fence, or take the fence away that is around them. */
export const toggleCodeBlock: Rewrite = (state) => {
  const lines = selectedLines(state);
  const first = lines[0];
  const last = lines[lines.length - 1];
  if (first === undefined || last === undefined) return null;
  const fence = fenceAround(state, first.number, last.number);
  if (fence !== null) return withoutFence(state, ...fence);
  const text = state.sliceDoc(first.from, last.to);
  const runs = text.match(/^[ \t]*`{3,}/gm) ?? [];
  const sign = "`".repeat(Math.max(3, ...runs.map((run) => run.trim().length + 1)));
  return {
    changes: [
      { from: first.from, insert: `${sign}\n` },
      { from: last.to, insert: `\n${sign}` },
    ],
    // Behind the sign, where the name of the language goes.
    selection: EditorSelection.cursor(first.from + sign.length),
    userEvent: "input.markup",
    scrollIntoView: true,
  };
};

/** Whether the lines stand in a fence that the command would take away. */
export function isCodeBlock(state: EditorState): boolean {
  const { from, to } = state.selection.main;
  return fenceAround(state, state.doc.lineAt(from).number, state.doc.lineAt(to).number) !== null;
}

const FENCE = /^[ \t]*(`{3,}|~{3,})/;

/** The numbers of the fence lines, if the lines are what is between two or begin and end with them. */
function fenceAround(state: EditorState, first: number, last: number): [number, number] | null {
  const isFence = (number: number): boolean =>
    number >= 1 && number <= state.doc.lines && FENCE.test(state.doc.line(number).text);
  if (first < last && isFence(first) && isFence(last)) return [first, last];
  return isFence(first - 1) && isFence(last + 1) ? [first - 1, last + 1] : null;
}

function withoutFence(state: EditorState, open: number, close: number): TransactionSpec {
  const opening = state.doc.line(open);
  const closing = state.doc.line(close);
  return {
    changes: [
      { from: opening.from, to: opening.to + 1 },
      { from: closing.from - 1, to: closing.to },
    ],
    userEvent: "input.markup",
    scrollIntoView: true,
  };
}

/** Put `block` on lines of its own at the caret; `select` is a part of it, as offsets in it. */
export function insertBlock(
  state: EditorState,
  block: string,
  select: readonly [number, number],
): TransactionSpec {
  const { to } = state.selection.main;
  const line = state.doc.lineAt(to);
  const here = line.text.trim() === "";
  const at = here ? line.from : line.to;
  const before = here ? (isBlank(state, line.number - 1) ? "" : "\n") : "\n\n";
  const after = block.endsWith("\n") || isBlank(state, line.number + 1) ? "" : "\n";
  const end = here ? line.to : at;
  const start = at + before.length;
  return {
    changes: { from: at, to: end, insert: before + block + after },
    selection: EditorSelection.range(start + select[0], start + select[1]),
    userEvent: "input.markup",
    scrollIntoView: true,
  };
}

function isBlank(state: EditorState, number: number): boolean {
  if (number < 1 || number > state.doc.lines) return true;
  return state.doc.line(number).text.trim() === "";
}

export const insertRule: Rewrite = (state) => insertBlock(state, "---\n", [4, 4]);

/** A table with a heading row and two more; `heading` is the word in its cells. */
export const insertTable =
  (heading: string): Rewrite =>
  (state) => {
    const head = `| ${heading} 1 | ${heading} 2 | ${heading} 3 |`;
    const cell = " ".repeat(heading.length + 4);
    const row = `|${cell}|${cell}|${cell}|`;
    const rule = `| ${"-".repeat(heading.length + 2)} | ${"-".repeat(heading.length + 2)} | ${"-".repeat(heading.length + 2)} |`;
    return insertBlock(state, [head, rule, row, row].join("\n"), [2, 2 + heading.length + 2]);
  };
