/** Indentation of lines, in steps that markdown's lists understand. Pure. */

import { EditorSelection, countColumn, getIndentUnit, type EditorState } from "../../vendor/codemirror";
import { itemParts } from "./linemarkup";
import { rewriteLines, selectedLines, type Line, type Rewrite, type TextChange } from "./rewrite";

/** Move the lines in: an item becomes part of the one above it, other lines move by one step. */
export const indentLines: Rewrite = (state) =>
  rewriteLines(
    state,
    selectedLines(state)
      .filter(({ text, number }) => text !== "" || number === state.doc.lineAt(state.selection.main.from).number)
      .map((line) => ({ from: line.from + quoteLength(line.text), insert: " ".repeat(stepIn(state, line)) })),
  );

/** Move the lines out, by the step that they had been moved in. */
export const outdentLines: Rewrite = (state) =>
  rewriteLines(
    state,
    selectedLines(state).flatMap((line): TextChange[] => {
      const start = line.from + quoteLength(line.text);
      const blanks = /^[ \t]*/.exec(line.text.slice(quoteLength(line.text)))?.[0] ?? "";
      if (blanks === "") return [];
      const keep = blanks.startsWith("\t") ? blanks.slice(1) : blanks.slice(0, stepOut(state, line, blanks.length));
      return [{ from: start + keep.length, to: start + blanks.length }];
    }),
  );

/**
 * What Tab does: lines of a list or of a longer selection move in, elsewhere blanks up to the next
 * stop take the place of the selection.
 */
export const indentHere: Rewrite = (state) => {
  const { main } = state.selection;
  const line = state.doc.lineAt(main.from);
  if (main.to > line.to || itemParts(line.text).kind !== null) return indentLines(state);
  const unit = getIndentUnit(state);
  const column = countColumn(state.sliceDoc(line.from, main.from), state.tabSize);
  const blanks = unit - (column % unit);
  return {
    changes: { from: main.from, to: main.to, insert: " ".repeat(blanks) },
    selection: EditorSelection.cursor(main.from + blanks),
    userEvent: "input.indent",
    scrollIntoView: true,
  };
};

const quoteLength = (line: string): number => /^(?:[ \t]*> ?)*/.exec(line)?.[0].length ?? 0;

const columnOf = (state: EditorState, line: string): number =>
  countColumn(/^[ \t]*/.exec(line.slice(quoteLength(line)))?.[0] ?? "", state.tabSize);

/** From the item's column to that of the text of the item above it on the same level. */
function stepIn(state: EditorState, line: Line): number {
  const unit = getIndentUnit(state);
  if (itemParts(line.text).kind === null) return unit;
  const column = columnOf(state, line.text);
  const above = itemAbove(state, line, (other) => other <= column);
  if (above === null) return unit;
  const target = above.column + above.mark;
  return target > column ? target - column : unit;
}

/** How many blanks stay: as many as the item that this one was part of has. */
function stepOut(state: EditorState, line: Line, blanks: number): number {
  const unit = getIndentUnit(state);
  if (itemParts(line.text).kind === null) return Math.max(0, blanks - unit);
  return itemAbove(state, line, (other) => other < blanks)?.column ?? Math.max(0, blanks - unit);
}

const MAX_LINES_ABOVE = 200;

function itemAbove(
  state: EditorState,
  line: Line,
  fits: (column: number) => boolean,
): { readonly column: number; readonly mark: number } | null {
  const end = Math.max(1, line.number - MAX_LINES_ABOVE);
  for (let number = line.number - 1; number >= end; number--) {
    const { text } = state.doc.line(number);
    const { kind, sign } = itemParts(text);
    if (kind === null) {
      if (text.trim() !== "" && columnOf(state, text) === 0) return null;
      continue;
    }
    const column = columnOf(state, text);
    // The mark with one blank: `- ` is two wide, `10. ` four.
    if (fits(column)) return { column, mark: sign.length + 1 };
  }
  return null;
}
