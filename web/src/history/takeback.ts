/** What is to be taken back, and an excerpt of what that changes. Pure. */

import type { Span } from "./comparison";
import { changesOf } from "./comparison";

/** Versions after one and up to another, or times in milliseconds since 1970, both with their ends. */
export type TakeBackRange =
  | { readonly after: number; readonly upto: number }
  | { readonly from: number; readonly to: number };

/** A part of the text of a version, in UTF-16 units. */
export interface PartOfText {
  readonly version: number;
  readonly from: number;
  readonly to: number;
}

export interface TakeBackWish {
  /** The id of a person, or null for everybody. */
  readonly actor: string | null;
  readonly range: TakeBackRange;
  /** What was done to that part alone; null: to the whole text. */
  readonly part: PartOfText | null;
}

/** The wish as the server reads it. */
export function bodyOf({ actor, range, part }: TakeBackWish): object {
  const bounds =
    "after" in range
      ? { after: range.after, upto: range.upto }
      : { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
  return { ...(actor === null ? {} : { actor }), ...bounds, ...(part === null ? {} : { part }) };
}

/** What taking back does, or did. */
export interface TakenBack {
  /** The new version; before it is done, the head. */
  readonly version: number;
  /** The edit of the text at the head, in UTF-16 units. */
  readonly ops: readonly Span[];
  readonly after: number;
  readonly upto: number;
  /** How many events are taken back. */
  readonly events: number;
}

/** One change, and some of the text around it. */
export interface Excerpt {
  readonly lead: string;
  readonly removed: string;
  readonly inserted: string;
  readonly tail: string;
}

const AROUND = 32;
const MAX_PART = 160;

/** The first `most` changes that `ops` make of `before`, and how many there are in all. */
export function excerptsOf(before: string, ops: readonly Span[], most: number): { readonly shown: readonly Excerpt[]; readonly count: number } {
  const changes = changesOf(before, ops);
  let shift = 0;
  const shown = changes.slice(0, most).map(({ from, to, removed }) => {
    const at = from + shift;
    shift += removed.length - (to - from);
    const end = at + removed.length;
    return { lead: before.slice(Math.max(0, at - AROUND), at), removed: shortened(removed), tail: before.slice(end, end + AROUND) };
  });
  const inserts = insertedOf(ops);
  return { shown: shown.map((excerpt, index) => ({ ...excerpt, inserted: shortened(inserts[index] ?? "") })), count: changes.length };
}

/** What each change inserts: changes are what lies between two parts that are kept. */
function insertedOf(ops: readonly Span[]): string[] {
  const found: string[] = [];
  let isOpen = false;
  for (const { retain = 0, insert = "", delete: removed = 0 } of ops) {
    if (retain > 0) isOpen = false;
    if (insert === "" && removed === 0) continue;
    if (isOpen) found.push((found.pop() ?? "") + insert);
    else found.push(insert);
    isOpen = true;
  }
  return found;
}

/** The beginning of a text, if it is long. */
export const shortened = (text: string): string => {
  const characters = [...text];
  return characters.length <= MAX_PART ? text : `${characters.slice(0, MAX_PART).join("")}…`;
};

/** The value of a field for date and time, in the local zone of `offsetMinutes`. */
export function fieldTime(at: number, offsetMinutes: number): string {
  return new Date(at - offsetMinutes * 60_000).toISOString().slice(0, 16);
}

/** The time range that two fields name, up to the end of the last minute; null where they name none. */
export function timeRange(from: string, to: string): TakeBackRange | null {
  const [start, end] = [new Date(from).getTime(), new Date(to).getTime()];
  return Number.isNaN(start) || Number.isNaN(end) || end < start ? null : { from: start, to: end + 59_999 };
}
