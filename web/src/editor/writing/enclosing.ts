/** Marks around more than a word, as the parser of the text sees them: which one a selection is within. Pure. */

import { syntaxTree, type EditorState } from "../../vendor/codemirror";
import type { Mark } from "./mark";

const NODES: Readonly<Record<Mark, readonly [node: string, sign: string]>> = {
  bold: ["StrongEmphasis", "EmphasisMark"],
  italic: ["Emphasis", "EmphasisMark"],
  strike: ["Strikethrough", "StrikethroughMark"],
  code: ["InlineCode", "CodeMark"],
};

/** A marked stretch of text: from `from` to `to` with its signs, `inner` without them. */
export interface Enclosing {
  readonly from: number;
  readonly to: number;
  readonly inner: { readonly from: number; readonly to: number };
}

/** The nearest stretch with the mark that holds all of `from`..`to`; null also where nothing is parsed yet. */
export function enclosing(state: EditorState, from: number, to: number, mark: Mark): Enclosing | null {
  const [node, sign] = NODES[mark];
  const tree = syntaxTree(state);
  for (const side of [1, -1] as const) {
    for (let at = tree.resolveInner(from, side) as typeof tree.topNode | null; at !== null; at = at.parent) {
      if (at.name !== node) continue;
      const [open, close] = [at.firstChild, at.lastChild];
      if (open?.name !== sign || close?.name !== sign || open.from === close.from) continue;
      const inner = { from: open.to, to: close.from };
      if (inner.from <= from && to <= inner.to) return { from: at.from, to: at.to, inner };
    }
  }
  return null;
}
