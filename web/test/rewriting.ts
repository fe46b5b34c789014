/** A text with its selection written into it: `|` is the caret, `<` and `>` (or `>` and `<`) a selection. */

import { EditorState, EditorSelection, type Extension, type TransactionSpec } from "../src/vendor/codemirror";

export function stateOf(written: string, extensions: Extension = []): EditorState {
  const caret = written.indexOf("‸");
  if (caret >= 0) {
    return EditorState.create({ doc: written.replace("‸", ""), selection: EditorSelection.cursor(caret), extensions });
  }
  const from = written.indexOf("⟦");
  const to = written.indexOf("⟧") - 1;
  return EditorState.create({
    doc: written.replace("⟦", "").replace("⟧", ""),
    selection: EditorSelection.range(from, to),
    extensions,
  });
}

export function written(state: EditorState): string {
  const text = state.doc.toString();
  const { from, to, empty } = state.selection.main;
  if (empty) return `${text.slice(0, from)}‸${text.slice(from)}`;
  return `${text.slice(0, from)}⟦${text.slice(from, to)}⟧${text.slice(to)}`;
}

/** What `rewrite` makes of a written text; the same where it does nothing. */
export function after(
  rewrite: (state: EditorState) => TransactionSpec | null,
  before: string,
  extensions: Extension = [],
): string {
  const state = stateOf(before, extensions);
  const spec = rewrite(state);
  return written(spec === null ? state : state.update(spec).state);
}
