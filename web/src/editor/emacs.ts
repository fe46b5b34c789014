/**
 * The keys of Emacs for moving, the mark, killing and yanking; loaded when somebody chooses them. They
 * are laid over the keys of this editor, so its undo, its lists and its whole characters stay.
 */

import {
  EditorSelection,
  StateEffect,
  StateField,
  cursorDocEnd,
  cursorDocStart,
  cursorGroupLeft,
  cursorGroupRight,
  cursorLineDown,
  cursorLineEnd,
  cursorLineStart,
  cursorLineUp,
  cursorPageDown,
  cursorPageUp,
  deleteCharBackward,
  deleteCharForward,
  findNext,
  findPrevious,
  keymap,
  openSearchPanel,
  searchPanelOpen,
  selectAll,
  selectDocEnd,
  selectDocStart,
  selectGroupLeft,
  selectGroupRight,
  selectLineDown,
  selectLineEnd,
  selectLineStart,
  selectLineUp,
  selectPageDown,
  selectPageUp,
  splitLine,
  transposeChars,
  type EditorState,
  type EditorView,
  type Extension,
  type KeyBinding,
  type StateCommand,
} from "../vendor/codemirror";
import { moveCharacter, removeCharacter } from "./scripts";
import { undoEdit } from "./undo";

type ViewCommand = (view: EditorView) => boolean;

// --- the mark ---

const setMarking = StateEffect.define<boolean>();

/** Whether motions extend the selection; writing ends that. */
const marking = StateField.define<boolean>({
  create: () => false,
  update: (isMarking, transaction) => {
    for (const effect of transaction.effects) if (effect.is(setMarking)) return effect.value;
    const isWritten = transaction.isUserEvent("input") || transaction.isUserEvent("delete");
    return isMarking && !isWritten;
  },
});

const mark =
  (isMarking: boolean): StateCommand =>
  ({ state, dispatch }) => {
    const selection = EditorSelection.cursor(state.selection.main.head);
    dispatch(state.update({ selection, effects: setMarking.of(isMarking) }));
    return true;
  };

const motion =
  (move: ViewCommand, select: ViewCommand): ViewCommand =>
  (view) =>
    (view.state.field(marking, false) === true ? select : move)(view);

// --- kill and yank ---

interface Killed {
  readonly text: string;
  /** The state behind the kill: another one right there adds to it. */
  readonly after: EditorState | null;
}

let killed: Killed = { text: "", after: null };

/** Take `from`..`to` out of the text and keep it for yanking. */
function kill({ state, dispatch }: Parameters<StateCommand>[0], from: number, to: number): boolean {
  if (state.readOnly || from === to) return true;
  const text = state.sliceDoc(from, to);
  const isNext = killed.after !== null && killed.after.doc.eq(state.doc) && killed.after.selection.eq(state.selection);
  const isBefore = to === state.selection.main.head && from < to;
  const transaction = state.update({
    changes: { from, to },
    selection: { anchor: from },
    userEvent: "delete.kill",
    scrollIntoView: true,
  });
  const whole = !isNext ? text : isBefore ? text + killed.text : killed.text + text;
  killed = { text: whole, after: transaction.state };
  offer(whole);
  dispatch(transaction);
  return true;
}

/** The clipboard gets it too, where the page may write there. */
function offer(text: string): void {
  const clipboard = (globalThis.navigator as { readonly clipboard?: Clipboard } | undefined)?.clipboard;
  void clipboard?.writeText(text).catch(() => undefined);
}

/** To the end of the line, or the line end where there is nothing else. */
export const killLine: StateCommand = (target) => {
  const { head } = target.state.selection.main;
  const line = target.state.doc.lineAt(head);
  return kill(target, head, head < line.to ? line.to : Math.min(line.to + 1, target.state.doc.length));
};

export const killRegion: StateCommand = (target) => {
  const { from, to } = target.state.selection.main;
  return kill(target, from, to);
};

export const copyRegion: StateCommand = (target) => {
  const { from, to, head } = target.state.selection.main;
  if (from === to) return true;
  killed = { text: target.state.sliceDoc(from, to), after: null };
  offer(killed.text);
  target.dispatch(target.state.update({ selection: { anchor: head }, effects: setMarking.of(false) }));
  return true;
};

export const yank: StateCommand = ({ state, dispatch }) => {
  if (state.readOnly || killed.text === "") return true;
  dispatch(state.update(state.replaceSelection(killed.text), { userEvent: "input.paste", scrollIntoView: true }));
  return true;
};

/** What a motion would pass over. */
const killing =
  (move: ViewCommand): ViewCommand =>
  (view) => {
    if (view.state.readOnly) return true;
    const { head } = view.state.selection.main;
    const before = view.state.selection;
    move(view);
    const to = view.state.selection.main.head;
    view.dispatch({ selection: before });
    return kill(view, Math.min(head, to), Math.max(head, to));
  };

// --- keys ---

const search =
  (find: ViewCommand): ViewCommand =>
  (view) =>
    searchPanelOpen(view.state) ? find(view) : openSearchPanel(view);

const bind = (key: string, run: ViewCommand): KeyBinding => ({ key, run, preventDefault: true });

const KEYS: readonly KeyBinding[] = [
  bind("Ctrl-f", motion(moveCharacter("right", false), moveCharacter("right", true))),
  bind("Ctrl-b", motion(moveCharacter("left", false), moveCharacter("left", true))),
  bind("Ctrl-n", motion(cursorLineDown, selectLineDown)),
  bind("Ctrl-p", motion(cursorLineUp, selectLineUp)),
  bind("Ctrl-a", motion(cursorLineStart, selectLineStart)),
  bind("Ctrl-e", motion(cursorLineEnd, selectLineEnd)),
  bind("Alt-f", motion(cursorGroupRight, selectGroupRight)),
  bind("Alt-b", motion(cursorGroupLeft, selectGroupLeft)),
  bind("Ctrl-v", motion(cursorPageDown, selectPageDown)),
  bind("Alt-v", motion(cursorPageUp, selectPageUp)),
  bind("Alt-<", motion(cursorDocStart, selectDocStart)),
  bind("Alt->", motion(cursorDocEnd, selectDocEnd)),
  bind("Ctrl-Space", mark(true)),
  bind("Ctrl-g", mark(false)),
  bind("Ctrl-x h", selectAll),
  bind("Ctrl-d", (view) => removeCharacter(true)(view) || deleteCharForward(view)),
  bind("Ctrl-h", (view) => removeCharacter(false)(view) || deleteCharBackward(view)),
  bind("Ctrl-k", killLine),
  bind("Alt-d", killing(cursorGroupRight)),
  bind("Alt-Backspace", killing(cursorGroupLeft)),
  bind("Ctrl-w", killRegion),
  bind("Alt-w", copyRegion),
  bind("Ctrl-y", yank),
  bind("Ctrl-/", undoEdit),
  bind("Ctrl-_", undoEdit),
  bind("Ctrl-x u", undoEdit),
  bind("Ctrl-o", splitLine),
  bind("Ctrl-t", transposeChars),
  bind("Ctrl-s", search(findNext)),
  bind("Ctrl-r", search(findPrevious)),
];

export const emacs: Extension = [marking, keymap.of(KEYS)];
