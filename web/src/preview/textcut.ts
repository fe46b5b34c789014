/** A long text in pieces, cut between words where that is possible. Pure. */

/** So far back a space is looked for. */
const MAX_WORD_UNITS = 200;
/** What belongs to the character before it. */
const CONTINUES = /^[\p{M}\u200d\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}]/u;

/** @param size of a piece, at most; in UTF-16 units, more than 200 */
export function cutText(text: string, size: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (text.length - from > size) {
    const end = cutBefore(text, from + size);
    pieces.push(text.slice(from, end));
    from = end;
  }
  pieces.push(text.slice(from));
  return pieces;
}

function cutBefore(text: string, end: number): number {
  for (let at = end; at > end - MAX_WORD_UNITS; at--) if (/\s/.test(text.charAt(at - 1))) return at;
  let at = end;
  while (at > end - MAX_WORD_UNITS && !isBorder(text, at)) at--;
  return isBorder(text, at) ? at : end;
}

function isBorder(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  const isInPair = before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
  return !isInPair && before !== 0x200d && !CONTINUES.test(text.slice(at, at + 2));
}
