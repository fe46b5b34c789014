/**
 * Files that are pasted or dropped into the text: who wants them registers a handler.
 *
 * The editor itself takes none. Handlers are asked one after the other; each returns the files that
 * it leaves to the next. What nobody takes is reported as such, and never opened by the browser in
 * place of the page.
 */

import { EditorView, Facet, type Extension } from "../vendor/codemirror";

/**
 * @param position where in the text they were dropped, or the start of the selection they replace
 * @returns the files that it does not take
 */
export type FileHandler = (files: readonly File[], position: number, view: EditorView) => readonly File[];

/** Register with `fileHandlers.of(handler)` among the extensions of an editor. */
export const fileHandlers = Facet.define<FileHandler>();

function give(view: EditorView, files: readonly File[], position: number): boolean {
  if (files.length === 0) return false;
  if (view.state.readOnly) return true;
  let left = files;
  for (const handler of view.state.facet(fileHandlers)) {
    if (left.length === 0) break;
    left = handler(left, position, view);
  }
  return true;
}

/** What is pasted from an office program carries a picture of itself; its text is what is meant. */
const isText = (data: DataTransfer): boolean =>
  data.types.some((type) => type === "text/plain" || type === "text/html");

export const filesIn: Extension = EditorView.domEventHandlers({
  paste(event, view) {
    const data = event.clipboardData;
    if (data === null || isText(data)) return false;
    return give(view, [...data.files], view.state.selection.main.from);
  },
  drop(event, view) {
    const data = event.dataTransfer;
    if (data === null || data.files.length === 0) return false;
    const position = view.posAtCoords({ x: event.clientX, y: event.clientY }, false);
    event.preventDefault();
    return give(view, [...data.files], position);
  },
});
