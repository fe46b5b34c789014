/**
 * `$…$`, `$$…$$` and fences of `math`: kept as source in elements of the class `math`, which are
 * typeset once they are on the page. Pure.
 */

import type { Parser, StateBlock, StateInline } from "../vendor/markdown";

const DOLLAR = 0x24;
const BACKSLASH = 0x5c;
const MAX_INLINE_CHARS = 2_000;

export function math(parser: Parser): void {
  parser.inline.ruler.after("escape", "math_inline", inlineMath);
  parser.block.ruler.after("blockquote", "math_block", blockMath, { alt: ["paragraph", "reference", "blockquote", "list"] });
  parser.renderer.rules["math_inline"] = (tokens, index) => {
    const token = tokens[index];
    const kind = token?.markup === "$$" ? "math math-display" : "math";
    return `<code class="${kind}">${parser.utils.escapeHtml(token?.content ?? "")}</code>`;
  };
  parser.renderer.rules["math_block"] = (tokens, index) => mathBlock(parser, tokens[index]?.content ?? "");
}

export const mathBlock = (parser: Parser, source: string): string =>
  `<pre class="math math-display"><code>${parser.utils.escapeHtml(source.trim())}</code></pre>\n`;

/** As pandoc has it: no space inside of the dollars, and no digit behind them, so prices stay prices. */
function inlineMath(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax } = state;
  if (src.charCodeAt(pos) !== DOLLAR) return false;
  const fence = src.charCodeAt(pos + 1) === DOLLAR ? "$$" : "$";
  const from = pos + fence.length;
  if (from >= posMax || (fence === "$" && /\s/.test(src.charAt(from)))) return false;
  const end = closing(src, from, Math.min(posMax, from + MAX_INLINE_CHARS), fence);
  if (end <= from) return false;
  if (!silent) {
    const token = state.push("math_inline", "code", 0);
    token.markup = fence;
    token.content = src.slice(from, end).trim();
  }
  state.pos = end + fence.length;
  return true;
}

function closing(src: string, from: number, max: number, fence: string): number {
  for (let at = from; at < max; at++) {
    const unit = src.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === DOLLAR) {
      if (fence === "$$") return src.charCodeAt(at + 1) === DOLLAR ? at : -1;
      if (/\s/.test(src.charAt(at - 1)) || /[0-9$]/.test(src.charAt(at + 1))) return -1;
      return at;
    }
  }
  return -1;
}

function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const first = lineOf(state, startLine);
  if (!first.startsWith("$$")) return false;
  const opened = first.slice(2);
  let last = startLine;
  let content = "";
  if (opened.trimEnd().endsWith("$$") && opened.trim().length > 2) {
    content = opened.trimEnd().slice(0, -2);
  } else {
    if (opened.includes("$$")) return false;
    for (last = startLine + 1; last < endLine && !lineOf(state, last).trimEnd().endsWith("$$"); last++) {
      // As in TeX, no blank line. It also bounds how far an opening fence looks.
      if (state.isEmpty(last) || (state.sCount[last] ?? 0) < state.blkIndent) return false;
    }
    if (last >= endLine) return false;
    const end = lineOf(state, last).trimEnd().slice(0, -2);
    content = `${opened}\n${state.getLines(startLine + 1, last, state.blkIndent, true)}${end}`;
  }
  if (silent) return true;
  const token = state.push("math_block", "pre", 0);
  token.content = content;
  token.map = [startLine, last + 1];
  state.line = last + 1;
  return true;
}

const lineOf = (state: StateBlock, line: number): string =>
  state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
