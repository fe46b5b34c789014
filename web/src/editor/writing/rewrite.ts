/**
 * The shape of what a writing command does: from a state (text and selection) to changes and the
 * selection after them. Pure, so that each is tested without a browser.
 */

import { EditorSelection, type EditorState, type SelectionRange, type TransactionSpec } from "../../vendor/codemirror";

/** Null when there is nothing to do at this place; the key then means what it otherwise means. */
export type Rewrite = (state: EditorState) => TransactionSpec | null;

export interface TextChange {
  readonly from: number;
  readonly to?: number;
  readonly insert?: string;
}

/** Changes in order, without those that change nothing. */
export interface RangeRewrite {
  readonly changes: readonly TextChange[];
  readonly range: SelectionRange;
}

/** Rewrite each selected range by itself; `range` of each is given in the text after its own changes. */
export function rewriteRanges(
  state: EditorState,
  rewrite: (range: SelectionRange) => RangeRewrite,
): TransactionSpec {
  return {
    ...state.changeByRange((range) => {
      const { changes, range: after } = rewrite(range);
      return { changes: [...changes], range: after };
    }),
    userEvent: "input.markup",
    scrollIntoView: true,
  };
}

/** All lines that the selection touches, once each, from the first to the last. */
export function selectedLines(state: EditorState): Line[] {
  const lines: Line[] = [];
  let last = 0;
  for (const { from, to, empty } of state.selection.ranges) {
    const first = state.doc.lineAt(from).number;
    let end = state.doc.lineAt(to);
    // A selection that ends where a line begins does not touch that line.
    if (!empty && to === end.from && end.number > first) end = state.doc.line(end.number - 1);
    for (let number = Math.max(first, last + 1); number <= end.number; number++) {
      lines.push(state.doc.line(number));
      last = number;
    }
  }
  return lines;
}

export type Line = ReturnType<EditorState["doc"]["line"]>;

/** Changes of several lines, with the selection carried along: text put in front of it pushes it on. */
export function rewriteLines(state: EditorState, changes: readonly TextChange[]): TransactionSpec | null {
  if (changes.length === 0) return null;
  const set = state.changes([...changes]);
  const ranges = state.selection.ranges.map((range) =>
    EditorSelection.range(set.mapPos(range.anchor, 1), set.mapPos(range.head, 1)),
  );
  return {
    changes: set,
    selection: EditorSelection.create(ranges, state.selection.mainIndex),
    userEvent: "input.markup",
    scrollIntoView: true,
  };
}
