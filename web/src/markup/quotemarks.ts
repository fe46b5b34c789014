/**
 * `[name=Ana]`, `[time=…]` and `[color=#907bf7]` in a quote, as HackMD has them: who said it, when, and the
 * colour of its edge. A colour is carried by `<font>`, as the policy of the page forbids styles. Pure.
 */

import type { Parser, Token } from "../vendor/markdown";

const MARK = /\[(name|time|color)=([^\]\n]{1,200})\]/g;
const COLOUR = /^(?:#[0-9a-f]{3}|#[0-9a-f]{6}|[a-z]{3,30})$/i;

export function quoteMarks(parser: Parser): void {
  parser.core.ruler.after("inline", "quote_marks", ({ tokens, Token }) => {
    const open: Token[] = [];
    for (const token of tokens) {
      const quote = open[open.length - 1];
      if (token.type === "blockquote_open") open.push(token);
      else if (token.type === "blockquote_close") {
        const opening = open.pop();
        if (opening?.meta?.["color"] !== undefined) token.meta = opening.meta;
      } else if (token.type === "inline" && quote !== undefined) {
        token.children = (token.children ?? []).flatMap((child) => partsOf(child, quote, Token));
      }
    }
  });
  const { rules } = parser.renderer;
  const { escapeHtml } = parser.utils;
  for (const type of ["quote_name", "quote_time"]) {
    rules[type] = (tokens, index) =>
      `<span class="${type.replace("_", "-")}">${escapeHtml(tokens[index]?.content ?? "")}</span>`;
  }
  rules["blockquote_open"] = (tokens, index, options, _env, renderer) => {
    const token = tokens[index];
    const color = token?.meta?.["color"];
    if (color !== undefined) token?.attrJoin("class", "quote-coloured");
    return `${color === undefined ? "" : `<font color="${escapeHtml(String(color))}">`}${renderer.renderToken(tokens, index, options)}`;
  };
  rules["blockquote_close"] = (tokens, index, options, _env, renderer) =>
    `${renderer.renderToken(tokens, index, options)}${tokens[index]?.meta?.["color"] === undefined ? "" : "</font>\n"}`;
}

/** A text in pieces: what is no mark, names and times; a colour is noted at the quote. */
function partsOf(text: Token, quote: Token, Make: new (type: string, tag: string, nesting: 0) => Token): Token[] {
  if (text.type !== "text" || !text.content.includes("[")) return [text];
  const parts: Token[] = [];
  const add = (type: string, content: string): void => {
    if (content === "") return;
    const part = new Make(type, "", 0);
    part.content = content;
    part.level = text.level;
    parts.push(part);
  };
  let at = 0;
  for (const found of text.content.matchAll(MARK)) {
    const [whole, kind = "", value = ""] = found;
    if (kind === "color" && !COLOUR.test(value.trim())) continue;
    add("text", text.content.slice(at, found.index));
    at = found.index + whole.length;
    if (kind === "color") quote.meta = { ...quote.meta, color: value.trim() };
    else add(`quote_${kind}`, value.trim());
  }
  add("text", text.content.slice(at));
  return parts;
}
