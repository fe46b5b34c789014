/** A text in pieces, some of which were searched for. Pure: pieces become text nodes, never HTML. */

import type { Hit } from "../api/shelf";

export interface Piece {
  readonly text: string;
  readonly isHit: boolean;
}

/** Hits that do not fit the text, which may have changed since, are passed over. */
export function pieces(text: string, hits: readonly Hit[]): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const { pos, len } of hits) {
    if (pos < at || len < 1 || pos + len > text.length) continue;
    if (pos > at) found.push({ text: text.slice(at, pos), isHit: false });
    found.push({ text: text.slice(pos, pos + len), isHit: true });
    at = pos + len;
  }
  if (at < text.length) found.push({ text: text.slice(at), isHit: false });
  return found;
}
