/** The difference between two renderings, as few blocks as possible. Pure. */

/** A top-level block of a rendering. */
export interface Block {
  /** Stays the same while only the context or an edit elsewhere changes it. */
  readonly id: number;
  readonly html: string;
  /** How many source lines it covers. */
  readonly lines: number;
  /** Holds HTML of the author's, so its tags may not be balanced. */
  readonly raw: boolean;
}

/** Replace `removed` blocks at `start` by `inserted`. Patches apply one after the other. */
export interface Patch {
  readonly start: number;
  readonly removed: number;
  readonly inserted: readonly Block[];
}

export function patches(before: readonly Block[], after: readonly Block[]): Patch[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start]?.id === after[start]?.id) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end]?.id === after[after.length - 1 - end]?.id) end++;
  const result: Patch[] = [];
  const removed = before.length - start - end;
  const inserted = after.slice(start, after.length - end);
  if (removed > 0 || inserted.length > 0) result.push({ start, removed, inserted });
  const shift = after.length - before.length;
  after.forEach((block, index) => {
    if (index >= start && index < after.length - end) return;
    const old = before[index < start ? index : index - shift];
    if (old === undefined || sameBlock(old, block)) return;
    result.push({ start: index, removed: 1, inserted: [block] });
  });
  return result;
}

const sameBlock = (one: Block, other: Block): boolean =>
  one === other || (one.html === other.html && one.lines === other.lines && one.raw === other.raw);

export function applyPatches(blocks: Block[], changes: readonly Patch[]): void {
  for (const { start, removed, inserted } of changes) spliceAll(blocks, start, removed, inserted);
}

/** `splice` without a limit on the number of arguments. */
export function spliceAll<T>(list: T[], start: number, removed: number, inserted: readonly T[]): void {
  if (inserted.length < 10_000) list.splice(start, removed, ...inserted);
  else {
    const tail = list.slice(start + removed);
    list.length = start;
    for (const item of [...inserted, ...tail]) list.push(item);
  }
}
