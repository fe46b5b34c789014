/** How quickly was written, and by whom, along the life of a document: the bars over its slider. Pure. */

import type { Life } from "./playbacklife";

/** Some consecutive events, as one bar. */
export interface Bar {
  /** Between 0 and 1: of the quickest one. */
  readonly height: number;
  /** The parts of the persons in it, which sum up to 1, those with most events first. */
  readonly parts: readonly { readonly person: number; readonly share: number }[];
}

/** A pause counts as at most this much time of writing. */
const MAX_PAUSE_MS = 30_000;
/** Of each bar so many events at most are looked at for its persons. */
const MAX_LOOKS = 64;

/** `count` bars over the events up to `head`, of which those that are not loaded yet are empty. */
export function densityOf(life: Life, head: number, count: number): Bar[] {
  const bars: { rate: number; parts: Bar["parts"] }[] = [];
  for (let index = 0; index < count; index++) {
    const first = Math.floor((index * head) / count) + 1;
    const last = Math.max(first, Math.floor(((index + 1) * head) / count));
    if (last > life.loaded) bars.push({ rate: 0, parts: [] });
    else bars.push({ rate: rateOf(life, first, last), parts: partsOf(life, first, last) });
  }
  const most = Math.max(...bars.map(({ rate }) => rate), Number.MIN_VALUE);
  return bars.map(({ rate, parts }) => ({ height: Math.sqrt(rate / most), parts }));
}

/** Events in a second of writing. */
function rateOf(life: Life, first: number, last: number): number {
  let ms = 0;
  const step = Math.max(1, Math.floor((last - first + 1) / MAX_LOOKS));
  for (let version = first; version <= last; version += step) {
    const before = Math.max(1, version - step);
    ms += Math.min(MAX_PAUSE_MS * step, Math.max(0, life.timeOf(version) - life.timeOf(before)));
  }
  return ((last - first + 1) * 1000) / Math.max(ms, 1000);
}

function partsOf(life: Life, first: number, last: number): Bar["parts"] {
  const counts = new Map<number, number>();
  const step = Math.max(1, Math.floor((last - first + 1) / MAX_LOOKS));
  let seen = 0;
  for (let version = first; version <= last; version += step, seen++) {
    const person = life.personAt(version);
    counts.set(person, (counts.get(person) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1]).map(([person, events]) => ({ person, share: events / seen }));
}
