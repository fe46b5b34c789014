/** How a place that refers to a footnote looks; the notes themselves are in `numbering.ts`. Pure. */

import type { Parser } from "../vendor/markdown";
import { referenceId } from "./numbering";

export function noteReferences(parser: Parser): void {
  parser.renderer.rules["footnote_ref"] = (tokens, index) => {
    const meta = tokens[index]?.meta ?? {};
    const number = Number(meta["number"] ?? 0);
    const id = referenceId(number, Number(meta["occurrence"] ?? 0));
    return `<sup class="footnote-ref"><a href="#fn${number}" id="${id}">${number}</a></sup>`;
  };
}
