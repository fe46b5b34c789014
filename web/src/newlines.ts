/**
 * Line ends and byte order marks in a text that was stored before they were normalised, or that
 * another editor writes. Pure.
 *
 * The source pane breaks lines at `\n` alone, so that its offsets are those of the shared text. A
 * `\r` before a `\n` is hidden there, and no edit may come between the two; the same is true of the
 * start of the text and a byte order mark.
 */

import type { Edit, UnitAt } from "./pairs";

const CR = 0x0d;
const LF = 0x0a;
const MARK = 0xfeff;

/** The same edit without an end between `\r` and `\n`, and not in front of a leading mark. */
export function snapToLine(unitAt: UnitAt, { from, to, insert }: Edit): Edit {
  if (unitAt(from - 1) === CR && unitAt(from) === LF) {
    return { from: from - 1, to: to === from ? from - 1 : to, insert };
  }
  if (from === 0 && to === 0 && unitAt(0) === MARK) return { from: 1, to: 1, insert };
  return { from, to, insert };
}

/** `text` as it is stored today: line feeds alone, and no leading mark. */
export function normalText(text: string): string {
  return withoutMark(text).replace(/\r\n?/g, "\n");
}

/** `text` without the byte order mark that it begins with; Markdown knows no such character. */
export function withoutMark(text: string): string {
  return text.replace(/^\ufeff+/, "");
}

/** The edits that make `normalText(text)` of `text`, the last one first. */
export function normalEdits(text: string): Edit[] {
  const edits: Edit[] = [];
  for (const match of text.matchAll(/^\ufeff+|\r\n?/g)) {
    const [found] = match;
    const alone = found === "\r";
    const length = found === "\r\n" ? 1 : found.length;
    edits.unshift({ from: match.index, to: match.index + length, insert: alone ? "\n" : "" });
  }
  return edits;
}
