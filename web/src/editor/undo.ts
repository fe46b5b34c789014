/** Undo and redo of what this user wrote here, as the editor's keys and the browser's menu ask for it. */

import { EditorView, Facet, type Extension } from "../vendor/codemirror";
import type { UndoSteps } from "./undosteps";

/** The steps of the text that the editor shows. */
const undoSteps = Facet.define<UndoSteps, UndoSteps | null>({ combine: ([first]) => first ?? null });

type Step = "undo" | "redo";

function take(view: EditorView, step: Step): boolean {
  const steps = view.state.facet(undoSteps);
  if (steps === null) return false;
  if (!view.state.readOnly) steps[step]();
  return true; // never the browser's own undo, even when there is nothing to take back
}

/** The undo steps of the text that `view` shows, or null while it shows none that can be written. */
export const stepsOf = (view: EditorView): UndoSteps | null => view.state.facet(undoSteps);

export const undoEdit = (view: EditorView): boolean => take(view, "undo");
export const redoEdit = (view: EditorView): boolean => take(view, "redo");

/** Undoing takes these steps back, whether it is asked for by a key, a command or the browser's menu. */
export const undoing = (steps: UndoSteps): Extension => [
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
