/** Text of any script in the source pane: the direction of each line, and characters moved over whole. */

import {
  Decoration,
  EditorSelection,
  EditorView,
  Prec,
  RangeSetBuilder,
  ViewPlugin,
  bidiIsolates,
  keymap,
  type DecorationSet,
  type EditorState,
  type Extension,
  type SelectionRange,
  type StateCommand,
  type ViewUpdate,
} from "../vendor/codemirror";
import { graphemeBeside, graphemeEdge } from "./grapheme";

// --- direction ---

/** Hebrew, Arabic, Syriac, Thaana, N'Ko and the other scripts that run to the left, with their forms. */
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

const byFirstLetter = Decoration.line({ attributes: { dir: "auto" } });

/** Each line with such a script takes the direction of its first letter. */
const lineDirections = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = directions(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = directions(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function directions(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      if (RTL.test(line.text)) builder.add(line.from, line.from, byFirstLetter);
      at = line.to + 1;
    }
  }
  return builder.finish();
}

// --- whole characters ---

/** The end of a range that moves one character, in the order in which characters are seen. */
function movedByCharacter(view: EditorView, range: SelectionRange, forward: boolean): SelectionRange {
  const moved = view.moveByChar(range, forward);
  const line = view.state.doc.lineAt(moved.head);
  const edge = line.from + graphemeEdge(line.text, moved.head - line.from, moved.head > range.head);
  return edge === moved.head ? moved : EditorSelection.cursor(edge, moved.assoc);
}

export const moveCharacter =
  (direction: "left" | "right", extend: boolean) =>
  (view: EditorView): boolean => {
    const { selection, doc } = view.state;
    if (doc.length === 0) return false;
    const ranges = selection.ranges.map((range) => {
      const forward = (direction === "right") === (view.textDirectionAt(range.head) === 0);
      if (!extend && !range.empty) return EditorSelection.cursor(forward ? range.to : range.from);
      const to = movedByCharacter(view, range, forward);
      return extend ? EditorSelection.range(range.anchor, to.head, to.goalColumn, to.bidiLevel ?? undefined) : to;
    });
    view.dispatch({
      selection: EditorSelection.create(ranges, selection.mainIndex),
      scrollIntoView: true,
      userEvent: "select",
    });
    return true;
  };

/** Delete the character beside each caret, if it is made of several code points; else say no. */
export const removeCharacter =
  (forward: boolean): StateCommand =>
  ({ state, dispatch }) => {
    if (state.readOnly || state.selection.ranges.some(({ empty }) => !empty)) return false;
    const ends = state.selection.ranges.map(({ head }) => besideOf(state, head, forward));
    if (ends.every(({ units }) => units <= 1)) return false;
    dispatch(
      state.update({
        changes: ends.map(({ from, to }) => ({ from, to })),
        userEvent: forward ? "delete.forward" : "delete.backward",
        scrollIntoView: true,
      }),
    );
    return true;
  };

function besideOf(state: EditorState, head: number, forward: boolean): { from: number; to: number; units: number } {
  const line = state.doc.lineAt(head);
  const other = line.from + graphemeBeside(line.text, head - line.from, forward);
  return { from: Math.min(head, other), to: Math.max(head, other), units: Math.abs(head - other) };
}

const wholeCharacters = Prec.high(
  keymap.of([
    { key: "ArrowLeft", run: moveCharacter("left", false), shift: moveCharacter("left", true), preventDefault: true },
    { key: "ArrowRight", run: moveCharacter("right", false), shift: moveCharacter("right", true), preventDefault: true },
    { key: "Backspace", run: removeCharacter(false) },
    { key: "Delete", run: removeCharacter(true) },
  ]),
);

export const allScripts: Extension = [
  EditorView.perLineTextDirection.of(true),
  lineDirections,
  bidiIsolates(),
  wholeCharacters,
];
