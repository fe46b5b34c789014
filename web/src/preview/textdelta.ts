/** The change from one text to the next, which goes to a worker in place of the whole text. Pure. */

/** Replace `from`..`to` of the text before by `insert`; in UTF-16 units. */
export interface TextDelta {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Units that are compared at once: the browser compares strings faster than a loop does units. */
const STEP = 4_096;

/** The smallest single replacement that makes `after` of `before`. */
export function deltaBetween(before: string, after: string): TextDelta {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from + STEP <= shorter && before.slice(from, from + STEP) === after.slice(from, from + STEP)) from += STEP;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from++;
  const rest = shorter - from;
  let end = 0;
  while (end + STEP <= rest && endSlice(before, end) === endSlice(after, end)) end += STEP;
  while (end < rest && unitFromEnd(before, end) === unitFromEnd(after, end)) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

export const applyDelta = (before: string, { from, to, insert }: TextDelta): string =>
  before.slice(0, from) + insert + before.slice(to);

const endSlice = (text: string, end: number): string => text.slice(text.length - end - STEP, text.length - end);

const unitFromEnd = (text: string, end: number): number => text.charCodeAt(text.length - 1 - end);
