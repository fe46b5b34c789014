/** A markdown table in the text: its rows and cells with their places. Pure. */

import type { EditorState } from "../../vendor/codemirror";

export type Alignment = "none" | "left" | "center" | "right";

export interface Cell {
  /** Behind the pipe in front of it. */
  readonly from: number;
  /** At the pipe behind it, or at the end of the line. */
  readonly to: number;
  readonly text: string;
}

export interface Row {
  readonly from: number;
  readonly to: number;
  readonly cells: readonly Cell[];
}

export interface Table {
  /** The heading first; the delimiter row is not among them. */
  readonly rows: readonly Row[];
  readonly delimiter: Row;
  readonly alignments: readonly Alignment[];
}

const DELIMITER = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** More lines than this in either direction are no table that anybody edits by hand. */
const MAX_ROWS = 2_000;

/** The table that a position is in, or null. */
export function tableAt(state: EditorState, position: number): Table | null {
  const { doc } = state;
  const here = doc.lineAt(position);
  if (!here.text.includes("|")) return null;
  let first = here.number;
  while (first > 1 && here.number - first < MAX_ROWS && doc.line(first - 1).text.includes("|")) first--;
  let last = here.number;
  while (last < doc.lines && last - here.number < MAX_ROWS && doc.line(last + 1).text.includes("|")) last++;
  if (last === first) return null;
  const second = doc.line(first + 1);
  if (!DELIMITER.test(second.text)) return null;
  const lines: Row[] = [];
  for (let number = first; number <= last; number++) {
    const line = doc.line(number);
    lines.push({ from: line.from, to: line.to, cells: cellsOf(line.text, line.from) });
  }
  const [heading, delimiter, ...body] = lines;
  if (heading === undefined || delimiter === undefined) return null;
  return { rows: [heading, ...body], delimiter, alignments: delimiter.cells.map(({ text }) => alignmentOf(text)) };
}

/** The cells of a line; `\|` is a character of a cell. */
export function cellsOf(line: string, start: number): Cell[] {
  const pipes: number[] = [];
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === "|") pipes.push(at);
  }
  const end = line.trimEnd().length;
  const lead = line.length - line.trimStart().length;
  const bounds = [...(pipes[0] === lead ? [] : [lead - 1]), ...pipes];
  if (bounds[bounds.length - 1] !== end - 1 || bounds.length === 1) bounds.push(end);
  return bounds.slice(1).map((to, index) => {
    const from = (bounds[index] ?? -1) + 1;
    return { from: start + from, to: start + to, text: line.slice(from, to).trim() };
  });
}

function alignmentOf(cell: string): Alignment {
  if (cell.startsWith(":")) return cell.endsWith(":") && cell.length > 1 ? "center" : "left";
  return cell.endsWith(":") ? "right" : "none";
}

/** The row and the column that a position is in; the delimiter row counts as the heading. */
export function placeIn(table: Table, position: number): { readonly row: number; readonly column: number } {
  const found = table.rows.findIndex(({ from, to }) => position >= from && position <= to);
  const onDelimiter = found < 0;
  const row = Math.max(found, 0);
  const cells = (onDelimiter ? table.delimiter : table.rows[row])?.cells ?? [];
  const column = cells.findIndex(({ to }) => position <= to);
  return { row, column: column < 0 ? Math.max(cells.length - 1, 0) : column };
}

export const columnCount = ({ rows, alignments }: Table): number =>
  Math.max(alignments.length, ...rows.map(({ cells }) => cells.length));
