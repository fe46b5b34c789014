/**
 * When a search that found nothing is asked again. A text can be found a second after it was written, and all
 * of them a few minutes after the index was begun anew: somebody who waits that long sees them come. Pure.
 */

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
const UNTIL_MS = 300_000;

/**
 * The delay after which to ask again; null: no more.
 *
 * @param tries how often it has been asked again already
 */
export function askAgainAfterMs(tries: number): number | null {
  let waitedMs = 0;
  for (let index = 0; index < tries; index++) waitedMs += delayMs(index);
  return waitedMs >= UNTIL_MS ? null : delayMs(tries);
}

const delayMs = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
