/** Where one can jump to in the life of a document: its sittings and named versions. Pure. */

/** The pause after which a new sitting begins: that of the history list. */
export const SITTING_PAUSE_MS = 300_000;

/** The first versions of the sittings, found event by event. Restores and take-backs are sittings of their own. */
export class SittingStarts {
  readonly versions: number[] = [];
  private before = -Infinity;
  private wasAlone = false;

  add(version: number, at: number, origin: string): void {
    const isAlone = origin === "restore" || origin === "take-back";
    if (at - this.before > SITTING_PAUSE_MS || isAlone || this.wasAlone) this.versions.push(version);
    this.before = at;
    this.wasAlone = isAlone;
  }
}

/** The last version of each sitting that ends before `head`, and `head`: where its text was done. */
export function sittingEnds(starts: readonly number[], head: number): number[] {
  const ends = starts.slice(1).map((start) => start - 1);
  return head > 0 ? [...ends, head] : ends;
}

/** The place next to `from` among `places` (in order), forwards or back; `from` itself without one. */
export function neighbour(places: readonly number[], from: number, by: 1 | -1): number {
  if (by === 1) return places.find((place) => place > from) ?? from;
  for (let index = places.length - 1; index >= 0; index--) {
    const place = places[index] ?? 0;
    if (place < from) return place;
  }
  return from;
}
