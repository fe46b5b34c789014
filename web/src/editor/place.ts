/** Where the caret is, and how much is selected, in numbers for the user. Pure. */

import type { CaretPlace } from "../page/textcounts";
import type { EditorState } from "../vendor/codemirror";

export function placeOf({ doc, selection }: EditorState): CaretPlace {
  const { head } = selection.main;
  const line = doc.lineAt(head);
  let [selectedChars, selectedLines] = [0, 0];
  for (const { from, to, empty } of selection.ranges) {
    if (empty) continue;
    selectedChars += to - from;
    selectedLines += doc.lineAt(to).number - doc.lineAt(from).number + 1;
  }
  return { line: line.number, column: head - line.from + 1, selectedChars, selectedLines };
}
