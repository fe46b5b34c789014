/** The blocks of two renderings side by side in one list: kept, added, removed, changed. Pure. */

/** One block of the older or the newer rendering, by its place there. */
export type BlockStep =
  | { readonly kind: "kept"; readonly before: number; readonly now: number }
  | { readonly kind: "changed"; readonly before: number; readonly now: number }
  | { readonly kind: "added"; readonly now: number }
  | { readonly kind: "removed"; readonly before: number };

export interface ArrayChange {
  readonly added: boolean;
  readonly removed: boolean;
  readonly count: number;
}

/** The least part of its words that a block shares with the one that it is taken to have become. */
const MIN_ALIKE = 0.35;

/**
 * The order in which blocks are shown, from the changes of the lists of blocks. Of removed blocks
 * beside added ones, those that are alike are one changed block.
 */
export function blockSteps(
  changes: readonly ArrayChange[],
  alike: (before: number, now: number) => number,
): BlockStep[] {
  const steps: BlockStep[] = [];
  let [before, now] = [0, 0];
  let gone: number[] = [];
  let come: number[] = [];
  const flush = (): void => {
    steps.push(...paired(gone, come, alike));
    [gone, come] = [[], []];
  };
  for (const { added, removed, count } of changes) {
    if (!added && !removed) flush();
    for (let index = 0; index < count; index++) {
      if (added) come.push(now++);
      else if (removed) gone.push(before++);
      else steps.push({ kind: "kept", before: before++, now: now++ });
    }
  }
  flush();
  return steps;
}

/** In the order of both lists: each added block takes the next removed one that is like it. */
function paired(
  gone: readonly number[],
  come: readonly number[],
  alike: (before: number, now: number) => number,
): BlockStep[] {
  const steps: BlockStep[] = [];
  let next = 0;
  for (const now of come) {
    let found = -1;
    for (let index = next; index < Math.min(gone.length, next + 4) && found < 0; index++) {
      if (alike(gone[index] ?? 0, now) >= MIN_ALIKE) found = index;
    }
    if (found < 0) {
      steps.push({ kind: "added", now });
      continue;
    }
    for (; next < found; next++) steps.push({ kind: "removed", before: gone[next] ?? 0 });
    steps.push({ kind: "changed", before: gone[found] ?? 0, now });
    next = found + 1;
  }
  for (; next < gone.length; next++) steps.push({ kind: "removed", before: gone[next] ?? 0 });
  return steps;
}

/** How many of their words two texts share, between 0 and 1. */
export function likeness(one: string, other: string): number {
  const [left, right] = [wordsOf(one), wordsOf(other)];
  if (left.length === 0 && right.length === 0) return 1;
  const counts = new Map<string, number>();
  for (const word of left) counts.set(word, (counts.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of right) {
    const count = counts.get(word) ?? 0;
    if (count === 0) continue;
    counts.set(word, count - 1);
    shared++;
  }
  return shared / Math.max(left.length, right.length);
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];
