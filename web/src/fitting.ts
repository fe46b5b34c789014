/** Whether an insertion has room in a document whose length is limited in code points. Pure. */

export interface Change {
  /** What is taken out, and what is put in. */
  readonly removed: string;
  readonly inserted: string;
}

/**
 * Whether a text of `units` UTF-16 units may be changed; what makes it no longer always may.
 *
 * @param text the text before, asked for only when its code points have to be counted
 */
export function fits(
  units: number,
  text: () => string,
  { removed, inserted }: Change,
  maxChars: number | null,
): boolean {
  if (maxChars === null) return true;
  const after = units - removed.length + inserted.length;
  // A code point has one unit or two.
  if (after <= maxChars) return true;
  const growth = codePoints(inserted) - codePoints(removed);
  return growth <= 0 || codePoints(text()) + growth <= maxChars;
}

/** The number of code points, without making an array of them. */
export function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) pairs += 1;
  }
  return text.length - pairs;
}
