/** Undo and redo of what this user wrote here; Yjs keeps the steps. */

import { EditorView, Facet, type Extension } from "../vendor/codemirror";
import type { UndoManager } from "../vendor/yjs";

/** The steps of the text that the editor shows. */
const undoSteps = Facet.define<UndoManager, UndoManager | null>({ combine: ([first]) => first ?? null });

type Step = "undo" | "redo";

function take(view: EditorView, step: Step): boolean {
  const steps = view.state.facet(undoSteps);
  if (steps === null) return false;
  if (!view.state.readOnly) steps[step]();
  return true; // never the browser's own undo, even when there is nothing to take back
}

export const undoEdit = (view: EditorView): boolean => take(view, "undo");
export const redoEdit = (view: EditorView): boolean => take(view, "redo");

/** Undoing takes these steps back, whether it is asked for by a key, a command or the browser's menu. */
export const undoing = (steps: UndoManager): Extension => [
  undoSteps.of(steps),
  EditorView.domEventHandlers({
    beforeinput(event, view) {
      if (event.inputType === "historyUndo") undoEdit(view);
      else if (event.inputType === "historyRedo") redoEdit(view);
      else return false;
      event.preventDefault();
      return true;
    },
  }),
];
