/**
 * Help with tables: go from cell to cell, add rows and columns, align, make the columns even. Pure.
 *
 * Each change is as small as it can be, so that the carets of others and their edits in other cells
 * stay where they are.
 */

import { EditorSelection, type EditorState, type TransactionSpec } from "../../vendor/codemirror";
import { displayWidth } from "./displaywidth";
import { rewriteLines, type Rewrite, type TextChange } from "./rewrite";
import { columnCount, placeIn, tableAt, type Alignment, type Cell, type Row, type Table } from "./tablemodel";

/** A rewrite of the table at the caret; null where there is none. */
const inTable =
  (rewrite: (state: EditorState, table: Table, row: number, column: number) => TransactionSpec | null): Rewrite =>
  (state) => {
    const { main } = state.selection;
    const table = tableAt(state, main.head);
    if (table === null) return null;
    const { row, column } = placeIn(table, main.head);
    return rewrite(state, table, row, column);
  };

const selectCell = (cell: Cell, state: EditorState): TransactionSpec => {
  const raw = state.sliceDoc(cell.from, cell.to);
  if (cell.text === "") {
    const at = Math.min(cell.from + 1, cell.to);
    return { selection: EditorSelection.cursor(at), scrollIntoView: true, userEvent: "select" };
  }
  const from = cell.from + (raw.length - raw.trimStart().length);
  return {
    selection: EditorSelection.range(from, from + cell.text.length),
    scrollIntoView: true,
    userEvent: "select",
  };
};

/** Select the next cell; behind the last one there is a new row. */
export const nextCell: Rewrite = inTable((state, table, row, column) => {
  const cells = table.rows.flatMap((each, index) => each.cells.map((cell, at) => ({ cell, index, at })));
  const here = cells.findIndex(({ index, at }) => index === row && at === column);
  const next = cells[here + 1];
  if (next !== undefined) return selectCell(next.cell, state);
  return appendRow(table, table.rows.length - 1, 0);
});

export const previousCell: Rewrite = inTable((state, table, row, column) => {
  const cells = table.rows.flatMap((each, index) => each.cells.map((cell, at) => ({ cell, index, at })));
  const here = cells.findIndex(({ index, at }) => index === row && at === column);
  const previous = cells[here - 1];
  // Shift-Tab in the first cell must not move the table's text.
  return previous === undefined ? { selection: state.selection } : selectCell(previous.cell, state);
});

// --- rows and columns ---

export const addRow: Rewrite = inTable((_state, table, row, column) => appendRow(table, row, column));

function appendRow(table: Table, row: number, column: number): TransactionSpec {
  const above = row === 0 ? table.delimiter : (table.rows[row] ?? table.delimiter);
  const widths = Array.from({ length: columnCount(table) }, (_, index) => {
    const cell = (table.rows[0] as Row).cells[index];
    return cell === undefined ? 3 : Math.max(3, cell.to - cell.from);
  });
  const line = `|${widths.map((width) => " ".repeat(width)).join("|")}|`;
  const before = widths.slice(0, column).reduce((sum, width) => sum + width + 1, 0);
  return {
    changes: { from: above.to, insert: `\n${line}` },
    selection: EditorSelection.cursor(above.to + 1 + before + 2),
    scrollIntoView: true,
    userEvent: "input.table",
  };
}

/** A row goes; the heading stays, because without it there is no table. */
export const removeRow: Rewrite = inTable((_state, table, row) => {
  const gone = table.rows[row];
  if (row === 0 || gone === undefined) return null;
  return { changes: { from: gone.from - 1, to: gone.to }, userEvent: "delete.table", scrollIntoView: true };
});

export const addColumn: Rewrite = inTable((state, table, row, column) => {
  const changes = [...table.rows, table.delimiter].map((each): TextChange => {
    const cell = each.cells[Math.min(column, each.cells.length - 1)];
    const insert = each === table.delimiter ? " --- " : "     ";
    // A row that does not end in a pipe has none behind its last cell.
    return { from: cell?.to ?? each.to, insert: `|${insert}` };
  });
  const set = state.changes(changes);
  const here = table.rows[row]?.cells[column];
  const at = here === undefined ? state.selection.main.head : set.mapPos(here.to, -1) + 2;
  return { changes: set, selection: EditorSelection.cursor(at), userEvent: "input.table", scrollIntoView: true };
});

export const removeColumn: Rewrite = inTable((_state, table, _row, column) => {
  if (columnCount(table) <= 1) return null;
  const changes = [...table.rows, table.delimiter].flatMap(({ cells }): TextChange[] => {
    const cell = cells[column];
    if (cell === undefined) return [];
    const next = cells[column + 1];
    return next === undefined && column > 0
      ? [{ from: (cells[column - 1] as Cell).to, to: cell.to }]
      : [{ from: cell.from, to: next?.from ?? cell.to }];
  });
  return { changes, userEvent: "delete.table", scrollIntoView: true };
});

const NEXT_ALIGNMENT: Readonly<Record<Alignment, Alignment>> = {
  none: "left",
  left: "center",
  center: "right",
  right: "none",
};

/** The column's alignment: none, left, centre, right and none again. */
export const cycleAlignment: Rewrite = inTable((_state, table, _row, column) => {
  const cell = table.delimiter.cells[column];
  if (cell === undefined) return null;
  const next = NEXT_ALIGNMENT[table.alignments[column] ?? "none"];
  const width = Math.max(5, cell.to - cell.from);
  return { changes: change(cell, delimiterCell(next, width)), userEvent: "input.table" };
});

/** The text of a delimiter cell, `width` wide with a blank on each side. */
function delimiterCell(alignment: Alignment, width: number): string {
  const left = alignment === "left" || alignment === "center" ? ":" : "-";
  const right = alignment === "right" || alignment === "center" ? ":" : "-";
  return ` ${left}${"-".repeat(Math.max(1, width - 4))}${right} `;
}

const change = ({ from, to }: Cell, insert: string): TextChange => ({ from, to, insert });

// --- even columns ---

/** Pad the cells so that the columns stand below each other. */
export const formatTable: Rewrite = inTable((state, table) => {
  const widths = Array.from({ length: columnCount(table) }, (_, column) =>
    Math.max(3, ...table.rows.map(({ cells }) => displayWidth(cells[column]?.text ?? ""))),
  );
  const changes = [...table.rows, table.delimiter]
    .flatMap((row) => rowChanges(state, row, table, widths))
    .sort((one, other) => one.from - other.from);
  return rewriteLines(state, changes);
});

function rowChanges(state: EditorState, row: Row, table: Table, widths: readonly number[]): TextChange[] {
  const changes: TextChange[] = [];
  if (state.sliceDoc(row.from, row.to).trimStart()[0] !== "|") {
    changes.push({ from: row.cells[0]?.from ?? row.from, insert: "|" });
  }
  row.cells.forEach((cell, column) => {
    const width = widths[column] ?? 3;
    const alignment = table.alignments[column] ?? "none";
    if (row === table.delimiter) {
      changes.push(...replaceIfOther(state, cell.from, cell.to, delimiterCell(alignment, width + 2)));
    } else {
      changes.push(...padding(state, cell, alignment, width));
    }
  });
  const missing = widths.slice(row.cells.length).map((width, index) =>
    row === table.delimiter
      ? delimiterCell(table.alignments[row.cells.length + index] ?? "none", width + 2)
      : " ".repeat(width + 2),
  );
  const last = row.cells[row.cells.length - 1];
  const end = last?.to ?? row.to;
  const closed = state.sliceDoc(end, end + 1) === "|";
  if (missing.length > 0) {
    changes.push({ from: closed ? end + 1 : end, insert: `${closed ? "" : "|"}${missing.join("|")}|` });
  } else if (!closed) {
    changes.push({ from: end, insert: "|" });
  }
  return changes;
}

/** Only the blanks around a cell's text are replaced; the text itself stays whoever edits it. */
function padding(state: EditorState, { from, to, text }: Cell, alignment: Alignment, width: number): TextChange[] {
  const room = width - displayWidth(text);
  const left = alignment === "right" ? room : alignment === "center" ? Math.floor(room / 2) : 0;
  const raw = state.sliceDoc(from, to);
  if (text === "") return replaceIfOther(state, from, to, " ".repeat(width + 2));
  const start = from + (raw.length - raw.trimStart().length);
  return [
    ...replaceIfOther(state, from, start, " ".repeat(left + 1)),
    ...replaceIfOther(state, start + text.length, to, " ".repeat(room - left + 1)),
  ];
}

function replaceIfOther(state: EditorState, from: number, to: number, insert: string): TextChange[] {
  return state.sliceDoc(from, to) === insert ? [] : [{ from, to, insert }];
}
