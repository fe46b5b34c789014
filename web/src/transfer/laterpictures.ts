/**
 * Pictures of a file that becomes a document: there is no place for them before there is the document, so
 * marks stand for them in its text first. Pure.
 */

import { editBetween, type Edit } from "../pairs";

export interface PlacedPicture {
  readonly mark: string;
  readonly picture: Blob;
}

export class LaterPictures {
  private readonly list: PlacedPicture[] = [];

  /** @param tag no text has it by chance: letters and digits */
  constructor(private readonly tag: string) {}

  get all(): readonly PlacedPicture[] {
    return this.list;
  }

  /** Keep a picture; returns the address that stands for it. */
  readonly add = (picture: Blob): Promise<string> => {
    const mark = `upload:${this.tag}-${this.list.length}`;
    this.list.push({ mark, picture });
    return Promise.resolve(mark);
  };
}

/**
 * The text with addresses in place of marks; what is not kept leaves its words.
 *
 * @param addresses for each mark the address, or null
 */
export function withPictures(text: string, addresses: ReadonlyMap<string, string | null>): string {
  let found = text;
  for (const [mark, address] of addresses) {
    const end = `](${mark})`;
    const at = found.indexOf(end);
    const from = found.lastIndexOf("![", at);
    if (at < 0 || from < 0) continue;
    const words = found.slice(from + 2, at);
    found = `${found.slice(0, from)}${address === null ? words : `![${words}](${address})`}${found.slice(at + end.length)}`;
  }
  return found;
}

export type TextOp = { readonly retain: number } | { readonly delete: number } | { readonly insert: string };

/** The edit that makes `after` of `before`, in UTF-16 units, as the server takes it; null: they are the same. */
export function opsBetween(before: string, after: string): readonly TextOp[] | null {
  const edit: Edit | null = editBetween(before, after);
  if (edit === null) return null;
  const { from, to, insert } = edit;
  return [
    ...(from > 0 ? [{ retain: from }] : []),
    ...(to > from ? [{ delete: to - from }] : []),
    ...(insert === "" ? [] : [{ insert }]),
  ];
}
