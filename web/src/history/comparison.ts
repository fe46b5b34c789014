/** The difference of two texts as places in the newer one: what is marked there. Pure. */

import { normalText } from "../newlines";

export interface Span {
  readonly retain?: number;
  readonly insert?: string;
  readonly delete?: number;
}

/** A place in the newer text: `from` to `to` came in there, `removed` went away. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly removed: string;
}

/**
 * The changes that `ops` (positions in UTF-16 units) make of `before`, in order. What is inserted and
 * deleted at one place is one change.
 */
export function changesOf(before: string, ops: readonly Span[]): Change[] {
  const changes: Change[] = [];
  let old = 0;
  let now = 0;
  for (const { retain = 0, insert = "", delete: removed = 0 } of ops) {
    old += retain;
    now += retain;
    if (insert === "" && removed === 0) continue;
    const gone = before.slice(old, old + removed);
    const last = changes[changes.length - 1];
    if (last?.to === now) changes[changes.length - 1] = { from: last.from, to: now + insert.length, removed: last.removed + gone };
    else changes.push({ from: now, to: now + insert.length, removed: gone });
    old += removed;
    now += insert.length;
  }
  return changes;
}

/** `changes` of `text` as places in `normalText(text)`, which is what the source pane shows. */
export function inNormalText(text: string, changes: readonly Change[]): Change[] {
  if (normalText(text) === text) return [...changes];
  let [read, length] = [0, 0];
  const place = (at: number): number => {
    // An old line end is one character; a place within it is before it.
    const to = text.charAt(at - 1) === "\r" && text.charAt(at) === "\n" ? at - 1 : at;
    if (to > read) [read, length] = [to, length + normalText(text.slice(read, to)).length];
    return length;
  };
  return changes.map(({ from, to, removed }) => ({ from: place(from), to: place(to), removed: normalText(removed) }));
}

/** A change by its places in both texts. */
export interface Correspondence {
  readonly fromA: number;
  readonly toA: number;
  readonly fromB: number;
  readonly toB: number;
}

/** `changes` by their places in the older text (A) and in the newer one (B). */
export function correspondences(changes: readonly Change[]): Correspondence[] {
  let shift = 0;
  return changes.map(({ from, to, removed }) => {
    const fromA = from + shift;
    shift += removed.length - (to - from);
    return { fromA, toA: fromA + removed.length, fromB: from, toB: to };
  });
}

/** The paragraphs of `text` that `from` to `to` lie in, without the blank lines around them. */
export function paragraphsAround(text: string, from: number, to: number): string {
  const blank = /\n[ \t]*\n/g;
  let [start, end] = [0, text.length];
  for (const gap of text.matchAll(blank)) {
    if (gap.index + gap[0].length <= from) start = gap.index + gap[0].length;
    else if (gap.index >= to) {
      end = gap.index;
      break;
    }
  }
  return text.slice(start, end).replace(/^\n+|\s+$/g, "");
}

/** The index of the change that a step from `current` leads to, around the ends; null without any. */
export function stepTo(count: number, current: number | null, by: 1 | -1): number | null {
  if (count === 0) return null;
  if (current === null) return by === 1 ? 0 : count - 1;
  return (current + by + count) % count;
}

const MAX_SHOWN_REMOVED = 4_000;

/** `removed` as it is shown: the whole of it, or its beginning when it is long. */
export function shownRemoved(removed: string): { readonly text: string; readonly hidden: number } {
  if (removed.length <= MAX_SHOWN_REMOVED) return { text: removed, hidden: 0 };
  let end = MAX_SHOWN_REMOVED;
  if (/[\ud800-\udbff]/.test(removed.charAt(end - 1))) end--;
  return { text: removed.slice(0, end), hidden: removed.length - end };
}
