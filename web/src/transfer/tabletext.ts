/** Tables as GFM writes them. Pure. */

export type Alignment = "none" | "left" | "center" | "right";

const RULES: Readonly<Record<Alignment, string>> = { none: "---", left: ":---", center: ":---:", right: "---:" };

/**
 * `rows` as a table, the first one as its head; shorter rows are filled up. A cell is one line, so
 * the lines of a cell become one.
 */
export function markdownTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[]): string {
  const width = Math.max(0, ...rows.map(({ length }) => length));
  if (width === 0) return "";
  const line = (cells: readonly string[]): string =>
    `| ${Array.from({ length: width }, (_, index) => cellOf(cells[index] ?? "")).join(" | ")} |`;
  const rule = `| ${Array.from({ length: width }, (_, index) => RULES[alignments[index] ?? "none"]).join(" | ")} |`;
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join("\n");
}

const cellOf = (text: string): string => text.trim().replace(/\s*\n\s*/g, " ").replace(/\\?\|/g, "\\|");
