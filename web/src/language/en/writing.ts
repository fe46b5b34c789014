/** Words of the editor: its commands, its panels, and what it tells screen readers. */

export const writing = {
  /** By the id of the command. */
  commands: {
    undo: "Undo",
    redo: "Redo",
    bold: "Bold",
    italic: "Italic",
    strike: "Strikethrough",
    code: "Code",
    link: "Link",
    "cycle-heading": "Next heading level",
    "heading-1": "Heading 1",
    "heading-2": "Heading 2",
    "heading-3": "Heading 3",
    "bullet-list": "Bullet list",
    "ordered-list": "Numbered list",
    "task-list": "Task list",
    "toggle-task": "Tick or untick task",
    quote: "Quote",
    "code-block": "Code block",
    table: "Insert table",
    rule: "Insert divider",
    indent: "Indent",
    outdent: "Outdent",
    "move-line-up": "Move line up",
    "move-line-down": "Move line down",
    "table-add-row": "Table: add row below",
    "table-remove-row": "Table: remove row",
    "table-add-column": "Table: add column",
    "table-remove-column": "Table: remove column",
    "table-align-column": "Table: change alignment of column",
    "table-format": "Table: make columns even",
    find: "Find and replace",
  },
  /** The heading of a column in a new table; a number follows. */
  tableHeading: "Column",
  preferences: {
    "vim-keys": "Keys of Vim",
    "emacs-keys": "Keys of Emacs",
    spellcheck: "Check spelling",
    "wrap-lines": "Wrap long lines",
    "tab-size-2": "Tabs 2 wide",
    "tab-size-4": "Tabs 4 wide",
    "tab-size-8": "Tabs 8 wide",
  },
  find: {
    title: "Find and replace",
    find: "Find",
    replace: "Replace with",
    previous: "Previous match",
    next: "Next match",
    matchCase: "Match case",
    wholeWord: "Whole words",
    regexp: "Regular expression",
    selectAll: "Select all matches",
    replaceOne: "Replace",
    replaceAll: "Replace all",
    invalid: "Not an expression",
    count: ({ current, total, more }: { current: number; total: number; more: boolean }): string => {
      if (total === 0) return "No matches";
      const all = `${total}${more ? "+" : ""}`;
      if (current > 0) return `${current} of ${all}`;
      return total === 1 ? "1 match" : `${all} matches`;
    },
  },
  /** In a text that is empty: whoever may write sees the first, others the second. */
  invitation: "Start writing. Markdown works: # Title, **bold**, - list, - [ ] task",
  empty: "Nothing has been written here yet.",
  near: {
    command: "Who is near?",
    nobody: "Nobody else is near.",
    line: (name: string) => `${name} is in this line`,
    above: (name: string, lines: number) => `${name} is ${lines === 1 ? "1 line" : `${lines} lines`} above`,
    below: (name: string, lines: number) => `${name} is ${lines === 1 ? "1 line" : `${lines} lines`} below`,
    more: (count: number) => `${count} more`,
  },
  /** Said to screen readers when the text gets the focus. */
  wayOut: "Tab indents. Escape, then Tab, leaves the text.",
  tabLeaves: "Tab now leaves the text.",
};
