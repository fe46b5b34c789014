/**
 * What a reader takes for one character: an emoji of several, a flag, a syllable of Hangul or
 * Devanagari, a letter with its accents. Pure.
 */

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** No grapheme of a real text is longer. */
const WINDOW_UNITS = 96;

/**
 * The offset itself, or where the grapheme that it cuts begins (`forward` false) or ends.
 *
 * @param text a line
 */
export function graphemeEdge(text: string, offset: number, forward: boolean): number {
  if (offset <= 0 || offset >= text.length) return offset;
  if (isPlain(text.charCodeAt(offset - 1)) && isPlain(text.charCodeAt(offset))) return offset;
  const start = windowStart(text, offset);
  const found = segmenter.segment(text.slice(start, offset + WINDOW_UNITS)).containing(offset - start);
  if (found === undefined || start + found.index === offset) return offset;
  return forward ? start + found.index + found.segment.length : start + found.index;
}

/** The other end of the grapheme that begins (`forward`) or ends at the offset. */
export function graphemeBeside(text: string, offset: number, forward: boolean): number {
  const inside = forward ? offset : offset - 1;
  if (inside < 0 || inside >= text.length) return offset;
  const start = windowStart(text, inside);
  const found = segmenter.segment(text.slice(start, inside + WINDOW_UNITS)).containing(inside - start);
  if (found === undefined) return forward ? offset + 1 : offset - 1;
  return forward ? start + found.index + found.segment.length : start + found.index;
}

const isPlain = (unit: number): boolean => unit < 0x300;

/** A place before the offset where a grapheme begins for sure: behind a blank or a letter of Latin. */
function windowStart(text: string, offset: number): number {
  const end = Math.max(0, offset - WINDOW_UNITS);
  for (let at = offset - 1; at > end; at--) {
    if (isPlain(text.charCodeAt(at)) && isPlain(text.charCodeAt(at - 1))) return at;
  }
  return end;
}
