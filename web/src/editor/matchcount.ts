/**
 * How many matches there are, and which of them is selected: counted in slices, so that a long text
 * or a slow expression does not stop the page. No DOM, no timer.
 */

import type { SearchQuery, Text } from "../vendor/codemirror";

export interface MatchCount {
  /** The place of the selected match among all, from 1; 0: none is selected. */
  readonly current: number;
  readonly total: number;
  /** There are more than were counted. */
  readonly more: boolean;
}

export const MAX_COUNTED = 100_000;

/** Between two slices the clock is looked at after this many matches. */
const MATCHES_PER_LOOK = 200;

/** Count until `isOver` says that a slice is over, yield what is known, and go on. */
export function* countMatches(
  query: SearchQuery,
  text: Text,
  selected: { readonly from: number; readonly to: number },
  isOver: () => boolean,
): Generator<null, MatchCount> {
  if (!query.valid) return { current: 0, total: 0, more: false };
  const matches = query.getCursor(text);
  let current = 0;
  let total = 0;
  for (let found = matches.next(); found.done !== true; found = matches.next()) {
    const { from, to } = found.value;
    // An expression that matches nothing matches everywhere; CodeMirror leaves these out as well.
    if (from === to) continue;
    if (total === MAX_COUNTED) return { current, total, more: true };
    total++;
    if (from === selected.from && to === selected.to) current = total;
    if (total % MATCHES_PER_LOOK === 0 && isOver()) yield null;
  }
  return { current, total, more: false };
}
