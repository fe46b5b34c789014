/**
 * What stands between the fences of front matter, to look at: a row for each key, with its value as
 * it is written. No YAML is evaluated, so aliases, tags and depth mean nothing here. Pure.
 */

const FRONT_MATTER =
  /^---[ \t]*\n[^\s#:-][^\n]*:(?=[ \t\n])(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|$)/;
const KEY = /^([^\s#:'"[\]{}&*!|>%@`-][^:\n]{0,99}|"[^"\n]{1,99}"|'[^'\n]{1,99}'):(?:[ \t]+(.*))?$/;
const MAX_ROWS = 50;
const MAX_VALUE_CHARS = 2_000;

/** The front matter that a text begins with, its fences included; empty if there is none. */
export function frontMatter(text: string): string {
  return FRONT_MATTER.exec(text)?.[0] ?? "";
}

export interface MatterRow {
  readonly key: string;
  readonly value: string;
}

export function matterRows(matter: string): MatterRow[] {
  const rows: { key: string; lines: string[] }[] = [];
  for (const line of matter.trimEnd().split("\n").slice(1, -1)) {
    const found = KEY.exec(line);
    if (found !== null && rows.length < MAX_ROWS) rows.push({ key: unquoted(found[1] ?? ""), lines: [found[2] ?? ""] });
    else if (!/^\s*(#.*)?$/.test(line)) rows[rows.length - 1]?.lines.push(line);
  }
  return rows.map(({ key, lines }) => ({ key, value: valueOf(lines).slice(0, MAX_VALUE_CHARS) }));
}

/** The value of `key` as a plain word, for the few that the page heeds. */
export const matterValue = (rows: readonly MatterRow[], key: string): string | null =>
  rows.find((row) => row.key === key)?.value ?? null;

function valueOf([first = "", ...rest]: readonly string[]): string {
  if (rest.length === 0) return flow(unquoted(first.replace(/\s+#.*$/, "").trim()));
  const items = rest.map((line) => /^\s*-\s+(.*)$/.exec(line)?.[1]);
  if (first.trim() === "" && items.every((item) => item !== undefined)) return items.map((item) => unquoted((item ?? "").trim())).join(", ");
  return [first, ...rest].join("\n").trim();
}

/** `[a, b]` as `a, b`. */
function flow(value: string): string {
  const inside = /^\[([^[\]{}]*)\]$/.exec(value)?.[1];
  return inside === undefined ? value : inside.split(",").map((item) => unquoted(item.trim())).join(", ");
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;

export function matterHtml(matter: string, escape: (text: string) => string): string {
  const rows = matterRows(matter)
    .map(({ key, value }) => `<tr><th scope="row" dir="auto">${escape(key)}</th><td dir="auto">${escape(value)}</td></tr>\n`)
    .join("");
  return `<table class="front-matter"><tbody>\n${rows}</tbody></table>\n`;
}
