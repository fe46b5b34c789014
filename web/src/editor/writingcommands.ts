/** What can be done with the text, as commands for toolbar, palette and keyboard. */

import type { Command, CommandGroup } from "../command/command";
import { words } from "../language/language";
import {
  deleteMarkupBackward,
  insertNewlineContinueMarkupCommand,
  moveLineDown,
  moveLineUp,
  openSearchPanel,
  type EditorState,
  type EditorView,
  type KeyBinding,
  type StateCommand,
} from "../vendor/codemirror";
import { caretField } from "./carets";
import { whoIsNear } from "./nearby";
import { preferenceCommands } from "./preferring";
import { redoEdit, undoEdit } from "./undo";
import { insertLink, insertRule, insertTable, isCodeBlock, toggleCodeBlock } from "./writing/insertion";
import { cycleHeading, isHeading, isList, isQuote, toggleHeading, toggleList, toggleQuote, toggleTask } from "./writing/linemarkup";
import { indentHere, indentLines, outdentLines } from "./writing/listindent";
import { hasMark, toggleMark } from "./writing/mark";
import type { Rewrite } from "./writing/rewrite";
import * as table from "./writing/tableedit";
import { tableAt } from "./writing/tablemodel";

type WritingId = keyof ReturnType<typeof words>["writing"]["commands"];

interface Writing {
  readonly id: WritingId;
  readonly group: CommandGroup;
  readonly run: (view: EditorView) => boolean;
  readonly shortcut?: string;
  /** Only while the caret is in a table. */
  readonly inTable?: boolean;
  /** Whether the text at the caret is so already. */
  readonly isOn?: (state: EditorState) => boolean;
}

/** A rewrite as CodeMirror runs it: not in a text that may only be read. */
const writes =
  (rewrite: Rewrite): StateCommand =>
  ({ state, dispatch }) => {
    const spec = state.readOnly ? null : rewrite(state);
    if (spec === null) return false;
    dispatch(state.update(spec));
    return true;
  };

const text = (id: WritingId, rewrite: Rewrite, shortcut: string, isOn?: Writing["isOn"]): Writing => ({
  id,
  group: "text",
  run: writes(rewrite),
  shortcut,
  ...(isOn === undefined ? {} : { isOn }),
});

const insert = (id: WritingId, rewrite: Rewrite, shortcut?: string): Writing => ({
  id,
  group: "insert",
  run: writes(rewrite),
  ...(shortcut === undefined ? {} : { shortcut }),
});

const inTable = (id: WritingId, rewrite: Rewrite): Writing => ({ ...insert(id, rewrite), inTable: true });

const WRITINGS: readonly Writing[] = [
  { id: "undo", group: "text", run: undoEdit, shortcut: "Mod-z" },
  { id: "redo", group: "text", run: redoEdit, shortcut: "Mod-Shift-z" },
  text("bold", toggleMark("bold"), "Mod-b", hasMark("bold")),
  text("italic", toggleMark("italic"), "Mod-i", hasMark("italic")),
  text("strike", toggleMark("strike"), "Mod-Shift-x", hasMark("strike")),
  text("code", toggleMark("code"), "Mod-e", hasMark("code")),
  text("cycle-heading", cycleHeading, "Mod-Alt-0"),
  text("heading-1", toggleHeading(1), "Mod-Alt-1", isHeading(1)),
  text("heading-2", toggleHeading(2), "Mod-Alt-2", isHeading(2)),
  text("heading-3", toggleHeading(3), "Mod-Alt-3", isHeading(3)),
  text("bullet-list", toggleList("bullet"), "Mod-Shift-8", isList("bullet")),
  text("ordered-list", toggleList("ordered"), "Mod-Shift-7", isList("ordered")),
  text("task-list", toggleList("task"), "Mod-Shift-9", isList("task")),
  text("toggle-task", toggleTask, "Mod-Enter"),
  text("quote", toggleQuote, "Mod-Shift-.", isQuote),
  text("indent", indentLines, "Mod-]"),
  text("outdent", outdentLines, "Mod-["),
  { id: "move-line-up", group: "text", run: moveLineUp, shortcut: "Alt-ArrowUp" },
  { id: "move-line-down", group: "text", run: moveLineDown, shortcut: "Alt-ArrowDown" },
  insert("link", insertLink, "Mod-k"),
  { ...insert("code-block", toggleCodeBlock, "Mod-Alt-c"), isOn: isCodeBlock },
  insert("table", (state) => insertTable(words().writing.tableHeading)(state), "Mod-Alt-t"),
  insert("rule", insertRule),
  inTable("table-add-row", table.addRow),
  inTable("table-remove-row", table.removeRow),
  inTable("table-add-column", table.addColumn),
  inTable("table-remove-column", table.removeColumn),
  inTable("table-align-column", table.cycleAlignment),
  inTable("table-format", table.formatTable),
];

/** The keys of all writing commands; Tab goes to the next cell of a table, elsewhere it indents. */
export const writingKeys: readonly KeyBinding[] = [
  ...WRITINGS.flatMap(({ shortcut, run }) =>
    shortcut === undefined ? [] : [{ key: shortcut, run, preventDefault: true }],
  ),
  { key: "Mod-y", run: redoEdit, preventDefault: true },
  // An item of a list is followed by another one; an empty one ends the list.
  { key: "Enter", run: insertNewlineContinueMarkupCommand({ nonTightLists: false }) },
  { key: "Backspace", run: deleteMarkupBackward },
  { key: "Tab", run: (view) => writes(table.nextCell)(view) || writes(indentHere)(view) },
  { key: "Shift-Tab", run: (view) => writes(table.previousCell)(view) || outdentOrStay(view) },
];

/** Where nothing can move out Shift-Tab does nothing, instead of leaving the text unasked. */
const outdentOrStay = (view: EditorView): boolean => writes(outdentLines)(view) || !view.state.readOnly;

/** What commands of the text need of the page. */
export interface WritingDeeds {
  /** Make the text visible, where only the preview is. */
  reveal(): void;
  /** Show and read aloud. */
  say(said: string): void;
}

/** All commands of the text that `view` shows. Icons have the names of the commands. */
export function editorCommands(view: EditorView, deeds: WritingDeeds): Command[] {
  return [
    ...WRITINGS.map((writing) => writingCommand(view, writing)),
    findCommand(view, deeds),
    nearCommand(view, deeds),
    ...preferenceCommands(),
  ];
}

const nearCommand = (view: EditorView, { say }: WritingDeeds): Command => ({
  id: "who-is-near",
  group: "people",
  label: () => words().writing.near.command,
  shortcut: "Mod-Alt-p",
  icon: "users",
  run: () => say(whoIsNear(view.state, view.state.field(caretField))),
});

/** Bound by the page, because it is asked for in the preview too: there the text is shown first. */
const findCommand = (view: EditorView, { reveal }: WritingDeeds): Command => ({
  id: "find",
  group: "find",
  label: () => words().writing.commands.find,
  shortcut: "Mod-f",
  icon: "search",
  // Behind an old version the live text cannot be searched.
  available: () => view.dom.closest("[inert]") === null,
  run: () => {
    reveal();
    // A field can be focused once its pane is shown.
    if (view.dom.getClientRects().length > 0) openSearchPanel(view);
    else requestAnimationFrame(() => openSearchPanel(view));
  },
});

const writingCommand = (view: EditorView, writing: Writing): Command => {
  const { id, group, run, shortcut, inTable: tableOnly, isOn } = writing;
  return {
    id,
    group,
    label: () => words().writing.commands[id],
    ...(shortcut === undefined ? {} : { shortcut }),
    boundByEditor: true,
    icon: id,
    ...(isOn === undefined ? {} : { active: () => isOn(view.state) }),
    available: () => !view.state.readOnly && (tableOnly !== true || isInTable(view)),
    run: () => {
      run(view);
      view.focus();
    },
  };
};

const isInTable = ({ state }: EditorView): boolean => tableAt(state, state.selection.main.head) !== null;
