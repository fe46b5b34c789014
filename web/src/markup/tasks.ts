/** `- [ ] task` and `- [x] done`: list items with a checkbox, and the edit that ticks one. Pure. */

import type { Parser } from "../vendor/markdown";
import { plainText } from "./plain";

const MARK = /^\[([ xX])\](?=[ \t]|$)[ \t]*/;
const MAX_LABEL_CHARS = 200;
/** A task in the source: what stands before its box, and the box. */
const TASK_LINE = /^((?:[ \t]*(?:>|[-+*]|\d{1,9}[.)]))+[ \t]+)\[([ xX])\](?=[ \t]|$)/;

export function taskLists(parser: Parser): void {
  parser.core.ruler.after("inline", "task_lists", (state) => {
    const { tokens } = state;
    for (let index = 2; index < tokens.length; index++) {
      const [inline, paragraph, item] = [tokens[index], tokens[index - 1], tokens[index - 2]];
      if (inline?.type !== "inline" || paragraph?.type !== "paragraph_open") continue;
      if (item?.type !== "list_item_open") continue;
      const first = inline.children?.[0];
      const mark = MARK.exec(first?.content ?? "");
      if (first?.type !== "text" || mark === null) continue;
      first.content = first.content.slice(mark[0].length);
      item.attrJoin("class", "task");
      const box = new state.Token("task_box", "input", 0);
      const label = plainText(inline.children ?? []).trim().slice(0, MAX_LABEL_CHARS);
      box.meta = { done: mark[1] !== " ", label, line: item.map?.[0] ?? 0 };
      inline.children?.unshift(box);
    }
  });
  parser.renderer.rules["task_box"] = (tokens, index) => {
    const meta = tokens[index]?.meta ?? {};
    const label = parser.utils.escapeHtml(String(meta["label"] ?? "") || "☐");
    const checked = meta["done"] === true ? " checked" : "";
    return `<input type="checkbox" class="task-box" data-line="${String(meta["line"])}" aria-label="${label}" disabled${checked}> `;
  };
}

/** The edit that ticks the task in `line`, or takes its tick away; null if there is no task. */
export function taskEdit(line: string, done: boolean): { at: number; insert: string } | null {
  const found = TASK_LINE.exec(line);
  if (found === null || (found[2] !== " ") === done) return null;
  return { at: (found[1] ?? "").length + 1, insert: done ? "x" : " " };
}

/**
 * Where `line` of `shown` is in `current`, which somebody may have changed since; null if that line
 * itself has changed.
 */
export function currentLine(shown: string, current: string, line: number): number | null {
  const before = shown.split("\n");
  if (shown === current) return line < before.length ? line : null;
  const after = current.split("\n");
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  if (line < start) return line;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return line >= before.length - end && line < before.length ? line + after.length - before.length : null;
}
