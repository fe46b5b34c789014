/** Documents of which this device holds what no server has, and no open page is sending. Pure. */

import type { StoredUnsent } from "../device/stored";

/** What of one document waits on this device. */
export interface Leftover {
  readonly document: string;
  /** Edits of the user that a server may still take. */
  readonly edits: number;
  /** Texts that could not become part of the document. */
  readonly texts: number;
}

/**
 * The documents by name.
 *
 * @param alive the pages that are open, each of which sends its own edits; null if that cannot be known
 */
export function leftovers({ edits, texts }: StoredUnsent, alive: ReadonlySet<string> | null): Leftover[] {
  const found = new Map<string, { edits: number; texts: number }>();
  const of = (document: string): { edits: number; texts: number } => {
    const known = found.get(document) ?? { edits: 0, texts: 0 };
    found.set(document, known);
    return known;
  };
  for (const { document, edit } of edits) {
    // A piece of a long edit counts as none, and is one all the same while it is the last.
    if (alive?.has(edit.owner) !== true) of(document).edits += edit.edits;
  }
  for (const { document, edit } of edits) {
    if (alive?.has(edit.owner) !== true) of(document).edits ||= 1;
  }
  for (const document of texts) of(document).texts += 1;
  return [...found]
    .map(([document, counts]) => ({ document, ...counts }))
    .sort((one, other) => (one.document < other.document ? -1 : 1));
}
