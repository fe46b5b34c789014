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
  },
  /** The heading of a column in a new table; a number follows. */
  tableHeading: "Column",
};
