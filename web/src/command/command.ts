/**
 * What a user can do on the page of a document. Toolbar, menus, palette, shortcuts and the list of
 * shortcuts are all made from the same commands.
 */

export type CommandGroup =
  | "text"
  | "insert"
  | "find"
  | "view"
  | "people"
  | "document"
  | "history"
  | "help";

export interface Command {
  /** Unique, in lower case with hyphens: `bold`, `export-html`. */
  readonly id: string;
  readonly group: CommandGroup;
  /** In the user's language, so asked for each time. */
  readonly label: () => string;
  /** In CodeMirror's notation, as `Mod-b` or `Mod-Alt-h`; shown to the user, and bound by the page. */
  readonly shortcut?: string;
  /** More shortcuts for the same, which are bound but not shown. */
  readonly otherShortcuts?: readonly string[];
  /** The editor itself binds the shortcut, because it means something only there. */
  readonly boundByEditor?: boolean;
  /** Name of the icon in `ui/icon.tsx`, for toolbars. */
  readonly icon?: string;
  /** What is on now, as bold at the caret: for toolbars and menus. Absent where that means nothing. */
  readonly active?: () => boolean;
  /** A command that is not available now is shown, but cannot be run. */
  readonly available?: () => boolean;
  readonly run: () => void;
}
