/** How well what somebody typed stands for a label: letters in order, the closer the better. Pure. */

export interface Match {
  readonly score: number;
  /** The places in the label that were matched, ascending: UTF-16 offsets. */
  readonly places: readonly number[];
}

const AT_START = 12;
const AT_WORD = 8;
const IN_A_ROW = 6;
const HIT = 1;
const GAP = -0.2;

/** Null if the letters of `typed` are not in `label` in this order. Case and accents do not matter. */
export function fuzzyMatch(typed: string, label: string): Match | null {
  const wanted = fold(typed).replace(/\s+/gu, "");
  if (wanted === "") return { score: 0, places: [] };
  const text = fold(label);
  // A word of it as it stands is better than letters here and there.
  const whole = fold(typed).trim();
  for (const at of occurrences(text, whole)) {
    if (isWordStart(text, at)) {
      const places = Array.from(whole, (_, index) => at + index);
      return { score: score(text, places) + AT_START, places };
    }
  }
  const places = spread(wanted, text);
  return places === null ? null : { score: score(text, places), places };
}

/** The places of `wanted` in `text`: beginnings of words where that is possible, else the earliest. */
function spread(wanted: string, text: string): number[] | null {
  return initialsOf(wanted, text) ?? earliest(wanted, text);
}

function initialsOf(wanted: string, text: string): number[] | null {
  const places: number[] = [];
  let at = -1;
  for (const letter of wanted) {
    const next = text.startsWith(letter, at + 1) && places.length > 0 ? at + 1 : nextWordStart(text, letter, at + 1);
    if (next === -1) return null;
    places.push(next);
    at = next;
  }
  return places;
}

function nextWordStart(text: string, letter: string, from: number): number {
  for (let at = text.indexOf(letter, from); at !== -1; at = text.indexOf(letter, at + 1)) {
    if (isWordStart(text, at)) return at;
  }
  return -1;
}

function earliest(wanted: string, text: string): number[] | null {
  const places: number[] = [];
  let at = -1;
  for (const letter of wanted) {
    at = text.indexOf(letter, at + 1);
    if (at === -1) return null;
    places.push(at);
  }
  return places;
}

function score(text: string, places: readonly number[]): number {
  let sum = 0;
  places.forEach((at, index) => {
    const before = places[index - 1];
    sum += HIT;
    if (at === 0) sum += AT_START;
    else if (isWordStart(text, at)) sum += AT_WORD;
    if (before !== undefined) sum += at === before + 1 ? IN_A_ROW : GAP * (at - before);
  });
  return sum - text.length / 100;
}

const isWordStart = (text: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");

function* occurrences(text: string, part: string): Iterable<number> {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) yield at;
}

/** Lower case without accents, as long as it was, so that places stay places. */
function fold(text: string): string {
  return Array.from(text, (character) => {
    const bare = character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    return bare.length === character.length ? bare : character.toLowerCase().slice(0, character.length);
  }).join("");
}

/** Those that match, best first; what matches equally well stays in order. */
export function fuzzySort<T>(
  typed: string,
  items: readonly T[],
  labelOf: (item: T) => string,
): { readonly item: T; readonly match: Match }[] {
  return items
    .map((item) => ({ item, match: fuzzyMatch(typed, labelOf(item)) }))
    .filter((found): found is { item: T; match: Match } => found.match !== null)
    .sort((one, other) => other.match.score - one.match.score);
}
