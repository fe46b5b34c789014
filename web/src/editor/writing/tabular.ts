/** Cells that were copied from a spreadsheet, as a markdown table. Pure. */

import { displayWidth } from "./displaywidth";

const MAX_CELLS = 20_000;

/**
 * The rows of `text`, if it is what a spreadsheet copies: cells with tabs between them, two or more in
 * each row; null otherwise. A quoted cell may hold line breaks and doubled quotes.
 */
export function rowsOfCells(text: string): string[][] | null {
  if (!text.includes("\t")) return null;
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^\t\n]*))(\t|\n|$)/y;
  const source = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
  for (let count = 0; cell.lastIndex < source.length; count++) {
    if (count > MAX_CELLS) return null;
    const found = cell.exec(source);
    if (found === null) return null;
    const [, quoted, plain = "", end] = found;
    rows[rows.length - 1]?.push(quoted === undefined ? plain : quoted.replace(/""/g, '"'));
    if (end === "\n") rows.push([]);
    // A tab at the very end stands before an empty cell.
    if (end === "\t" && cell.lastIndex === source.length) rows[rows.length - 1]?.push("");
  }
  return rows.every((row) => row.length >= 2) ? rows : null;
}

/** The first row is the heading, as GFM wants one. */
export function tableOfRows(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map((row) => row.length));
  const cells = rows.map((row) => Array.from({ length: count }, (_, column) => cellText(row[column] ?? "")));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(3, ...cells.map((row) => displayWidth(row[column] ?? ""))),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell + " ".repeat((widths[column] ?? 3) - displayWidth(cell))).join(" | ")} |`;
  const [heading = [], ...body] = cells;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(heading), rule, ...body.map(line)].join("\n");
}

const cellText = (cell: string): string =>
  cell.trim().replace(/\|/g, "\\|").replace(/\s*\n\s*/g, "<br>").replace(/[ \t]+/g, " ");
