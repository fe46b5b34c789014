/** Keeps what one reads at its place on the screen while others write above it. */

import { type ChangeSet, type EditorView } from "../vendor/codemirror";

/** Where the last change of others put the editor's scroll position: nobody has scrolled there. */
const anchored = new WeakMap<EditorView, number>();

/** Nobody has scrolled since the text above was changed by others. */
export const isAnchored = (view: EditorView): boolean => anchored.get(view) === view.scrollDOM.scrollTop;

/** Carry out `changes`, which others made, by `apply`; the first line that is seen stays where it is. */
export function keepPlace(view: EditorView, changes: ChangeSet, apply: () => void): void {
  const first = firstChange(changes);
  if (first > view.viewport.to || view.scrollDOM.clientHeight === 0) {
    apply();
    return;
  }
  const { scrollTop } = view.scrollDOM;
  const { from, to, top } = firstLine(view);
  apply();
  if (first > from) return;
  // What is written into an empty line is not above it: whoever looks at an empty text sees its start.
  const now = changes.mapPos(from, to > from ? 1 : -1);
  const goal = scrollTop + view.lineBlockAt(now).top - top;
  if (goal === scrollTop) return;
  view.scrollDOM.scrollTop = goal;
  anchored.set(view, view.scrollDOM.scrollTop);
}

/** The first line with words whose start is seen; else the one at the edge. */
function firstLine(view: EditorView): { from: number; to: number; top: number } {
  const { scrollDOM, state } = view;
  const edge = scrollDOM.getBoundingClientRect().top - view.documentTop;
  const end = edge + scrollDOM.clientHeight;
  const first = view.lineBlockAtHeight(Math.max(edge, 0));
  for (let line = first; line.top < end; line = view.lineBlockAt(line.to + 1)) {
    if (line.top >= edge - 1 && line.to > line.from) return line;
    if (line.to >= state.doc.length) break;
  }
  return first;
}

function firstChange(changes: ChangeSet): number {
  let first = Infinity;
  changes.iterChangedRanges((from) => (first = Math.min(first, from)));
  return first;
}
