/** Fenced code: its language, line numbers, and what is drawn instead of shown. Pure. */

import type { Parser } from "../vendor/markdown";
import { mathBlock } from "./math";

/** Fences whose content is a drawing, in the spelling of their class. */
export const DIAGRAMS = ["mermaid", "vega", "vega-lite"] as const;

const LANGUAGE = /^[^\s{]{1,60}/;
/** `js=`, `js=101`: with line numbers. */
const NUMBERED = /^([^\s={]*)=(\d{1,6}|\+)?(?=[\s!]|$)/;

export interface FenceInfo {
  /** In lower case; empty if none is named. */
  readonly language: string;
  /** The number of the first line, or null where lines have none. */
  readonly firstNumber: number | null;
}

export function fenceInfo(info: string): FenceInfo {
  const numbered = NUMBERED.exec(info.trim());
  const language = LANGUAGE.exec(numbered?.[1] ?? info.trim())?.[0] ?? "";
  return {
    language: language.toLowerCase(),
    firstNumber: numbered === null ? null : Number.parseInt(numbered[2] ?? "1", 10) || 1,
  };
}

export function fences(parser: Parser): void {
  const { escapeHtml, unescapeAll } = parser.utils;
  parser.renderer.rules.fence = (tokens, index) => {
    const token = tokens[index];
    if (token === undefined) return "";
    const { language, firstNumber } = fenceInfo(unescapeAll(token.info));
    if (language === "math" || language === "katex") return mathBlock(parser, token.content);
    const line = token.attrGet("data-line");
    const attributes = line === null ? "" : ` data-line="${line}"`;
    if (DIAGRAMS.some((name) => name === language)) {
      return `<pre class="diagram diagram-${language}"${attributes}><code>${escapeHtml(token.content)}</code></pre>\n`;
    }
    const named = language === "" ? "" : ` class="language-${escapeHtml(language)}"`;
    const code = `<pre${attributes}><code${named}>${escapeHtml(token.content)}</code></pre>\n`;
    return firstNumber === null ? code : numberedCode(code, token.content, firstNumber);
  };
}

function numberedCode(code: string, content: string, first: number): string {
  const lines = content.replace(/\n$/, "").split("\n").length;
  const numbers = Array.from({ length: lines }, (_, index) => String(first + index)).join("\n");
  return `<div class="numbered"><pre class="numbers" aria-hidden="true">${numbers}</pre>${code}</div>\n`;
}
