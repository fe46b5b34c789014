/** `[TOC]` alone in its paragraph: the headings of the document, as links. Pure. */

import type { Parser, Renderer } from "../vendor/markdown";
import type { Heading } from "./outline";

const TOC = /^\[toc\]$/i;
const MAX_ENTRIES = 1_000;

export function tableOfContents(parser: Parser): void {
  parser.block.ruler.before("paragraph", "toc", (state, startLine, _endLine, silent) => {
    if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
    const line = state.src.slice((state.bMarks[startLine] ?? 0) + (state.tShift[startLine] ?? 0), state.eMarks[startLine]);
    if (!TOC.test(line.trimEnd())) return false;
    if (silent) return true;
    state.push("toc", "nav", 0).map = [startLine, startLine + 1];
    state.line = startLine + 1;
    return true;
  });
  parser.renderer.rules["toc"] = renderToc;
}

/** What the renderer is given is made by `tocHtml`, once all headings are known. */
const renderToc: Renderer["rules"][string] = (_tokens, _index, _options, env) => String(env?.["toc"] ?? "");

/** Nested lists of links; `escape` makes a text safe in HTML. */
export function tocHtml(headings: readonly Heading[], escape: (text: string) => string): string {
  const top = Math.min(...headings.map(({ level }) => level));
  let html = "";
  let depth = 0;
  for (const { level, text, id } of headings.slice(0, MAX_ENTRIES)) {
    const wanted = level - top + 1;
    if (depth >= wanted) html += "</li>";
    for (; depth > wanted; depth--) html += "</ul></li>";
    for (; depth < wanted; depth++) html += depth + 1 < wanted ? "<ul><li>" : "<ul>";
    html += `<li dir="auto"><a href="#${escape(encodeURIComponent(id))}">${escape(text)}</a>`;
  }
  for (; depth > 0; depth--) html += "</li></ul>";
  return `<nav class="toc">${html}</nav>\n`;
}
