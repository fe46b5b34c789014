/**
 * Edits in UTF-16 offsets that never cut a code point.
 *
 * Yjs counts in UTF-16 and yrs in UTF-8. An edit that leaves or removes half of a surrogate pair
 * makes the two show different text for ever under equal state vectors, so every edit is widened
 * to code-point borders before it becomes a Yjs update.
 */

/** Replace `from`..`to` of a text by `insert`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** The UTF-16 code unit at an offset of the old text, or NaN outside of it. */
export type UnitAt = (offset: number) => number;

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/**
 * The same edit with both ends on code-point borders of the old and of the new text.
 *
 * A half pair that the edit leaves without its other half is removed, so the new text is well
 * formed if the old one was; otherwise the result of applying it is the same text.
 */
export function snapEdit(unitAt: UnitAt, edit: Edit): Edit {
  let { from, to, insert } = edit;
  const before = unitAt(from - 1);
  if (isHigh(before) && (isLow(unitAt(from)) || isLow(firstUnit(insert, unitAt(to))))) {
    from -= 1;
    insert = String.fromCharCode(before) + insert;
  }
  const after = unitAt(to);
  if (isLow(after) && (isHigh(unitAt(to - 1)) || isHigh(lastUnit(insert)))) {
    to += 1;
    insert += String.fromCharCode(after);
  }
  return { from, to, insert: dropHalves(insert) };
}

/** `text` without surrogates that have no partner. */
export function dropHalves(text: string): string {
  return text.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "",
  );
}

/** `text` as the server accepts it: no half characters, no NUL, one kind of line break. */
export function cleanText(text: string): string {
  return dropHalves(text.replace(/\0/g, "").replace(/\r\n?/g, "\n"));
}

/** `text` in pieces of at most `maxUnits` (2 or more) UTF-16 units that cut no code point. */
export function splitText(text: string, maxUnits: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + maxUnits, text.length);
    if (isLow(text.charCodeAt(end)) && isHigh(text.charCodeAt(end - 1))) end -= 1;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

const firstUnit = (text: string, otherwise: number): number =>
  text.length > 0 ? text.charCodeAt(0) : otherwise;

const lastUnit = (text: string): number => text.charCodeAt(text.length - 1);

/** The smallest single edit from `before` to `after`, on code-point borders; null if equal. */
export function editBetween(before: string, after: string): Edit | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++;
  }
  return snapEdit((offset) => before.charCodeAt(offset), {
    from: start,
    to: before.length - end,
    insert: after.slice(start, after.length - end),
  });
}
