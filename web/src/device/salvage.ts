/** The words that updates insert, for the case that there is no document to merge them into. Pure. */

import { ContentString, Item, decodeUpdate } from "../vendor/yjs";

/** All inserted text, in the order of writing; places and deletions are lost. */
export function insertedText(updates: readonly Uint8Array[]): string {
  return updates
    .flatMap((update) => decodeUpdate(update).structs)
    .map((struct) =>
      struct instanceof Item && struct.content instanceof ContentString ? struct.content.str : "",
    )
    .join("");
}
