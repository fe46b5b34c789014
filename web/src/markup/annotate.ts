/**
 * Attributes that every rendering gets: the direction of each block by its own text, the source line
 * of what stands inside of a block, and the alignment of cells by class, as the policy of the page
 * forbids styles. Pure.
 */

import type { Parser, Token } from "../vendor/markdown";

const WITH_DIRECTION = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "table", "th", "td", "dl", "dt", "dd"]);
const ALIGNMENT = /^text-align:(left|center|right)$/;

export function annotate(parser: Parser): void {
  parser.core.ruler.push("annotate", ({ tokens }) => {
    for (const token of tokens) {
      if (token.nesting === -1) continue;
      if (WITH_DIRECTION.has(token.tag) && !token.hidden) token.attrSet("dir", "auto");
      if (token.tag === "th" || token.tag === "td") align(token);
      const line = token.map?.[0] ?? 0;
      if (line > 0 && token.type !== "inline" && !token.hidden) token.attrSet("data-line", String(line));
    }
  });
}

function align(cell: Token): void {
  const found = ALIGNMENT.exec(String(cell.attrGet("style") ?? ""));
  if (found === null || cell.attrs === null) return;
  cell.attrs = cell.attrs.filter(([name]) => name !== "style");
  cell.attrJoin("class", `align-${found[1] ?? "left"}`);
}
