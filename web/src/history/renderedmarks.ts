/**
 * The changes of an old version, marked in its rendering. Both renderings come sanitised; what is
 * added here are elements around their text and text nodes, never HTML.
 */

import { diffArrays, diffWordsWithSpace } from "../vendor/textdiff";
import { element } from "../dom";
import { blockSteps, likeness } from "./blockdiff";

/** Longer lists of blocks with more differences than this are not compared block by block. */
const MAX_EDITS = 4_000;
const MAX_BLOCK_CHARS = 20_000;
/** What becomes something else than its text. */
const OPAQUE = "svg, math, .math, .diagram, canvas, iframe";

/** The blocks of `now` with what they have in place of those of `before`. The nodes are used up. */
export function markBlocks(before: readonly HTMLElement[], now: readonly HTMLElement[]): HTMLElement[] {
  const changes = diffArrays(before.map(keyOf), now.map(keyOf), { maxEditLength: MAX_EDITS });
  // Too different to say what became of what.
  if (changes === undefined) return [...now];
  const text = (list: readonly HTMLElement[], index: number): string => list[index]?.textContent ?? "";
  return blockSteps(changes, (old, index) => likeness(text(before, old), text(now, index))).flatMap((step) => {
    const old = "before" in step ? before[step.before] : undefined;
    const block = "now" in step ? now[step.now] : undefined;
    if (step.kind === "kept") return block ?? [];
    if (block === undefined) return old === undefined ? [] : whole(old, "del", "diff-block-removed");
    if (old === undefined) return whole(block, "ins", "diff-block-added");
    return markWithin(old, block);
  });
}

const keyOf = (block: HTMLElement): string => block.innerHTML;

function whole(block: HTMLElement, tag: "ins" | "del", name: string): HTMLElement {
  block.classList.add("diff-block");
  const around = element(tag, { class: name });
  around.append(block);
  return around;
}

/** `block` with the words that it has in place of those of `old`. */
function markWithin(old: HTMLElement, block: HTMLElement): HTMLElement {
  block.classList.add("diff-block", "diff-block-changed");
  const isOpaque = old.querySelector(OPAQUE) !== null || block.querySelector(OPAQUE) !== null;
  const [before, now] = [old.textContent ?? "", block.textContent ?? ""];
  if (isOpaque || before.length + now.length > MAX_BLOCK_CHARS) return block;
  const cursor = new TextCursor(block);
  for (const { value, added, removed } of diffWordsWithSpace(before, now)) {
    if (removed) cursor.insert(element("del", { class: "diff-removed" }, value));
    else if (added) cursor.wrap(value.length);
    else cursor.skip(value.length);
  }
  return block;
}

/** A place in the text of an element, which moves forward over its text nodes. */
class TextCursor {
  private readonly nodes: Text[] = [];
  private index = 0;
  private offset = 0;

  constructor(within: HTMLElement) {
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (walker.currentNode instanceof Text) this.nodes.push(walker.currentNode);
  }

  skip(length: number): void {
    this.forward(length, () => undefined);
  }

  wrap(length: number): void {
    this.forward(length, (node, from, to) => {
      // Line breaks between the items of a list are no text that somebody added.
      if (node.data.slice(from, to).trim() === "" && node.parentElement?.matches("ul, ol, table, tr, thead, tbody")) {
        return;
      }
      const added = from === 0 ? node : node.splitText(from);
      const rest = to - from < added.data.length ? added.splitText(to - from) : null;
      const mark = element("ins", { class: "diff-added" });
      added.replaceWith(mark);
      mark.append(added);
      // What follows goes on in the rest of the node.
      if (rest !== null) [this.nodes[this.index], this.offset] = [rest, 0];
      else this.next();
    });
  }

  insert(removed: HTMLElement): void {
    const node = this.nodes[this.index] ?? this.nodes[this.nodes.length - 1];
    if (node === undefined) return;
    if (this.index >= this.nodes.length) node.after(removed);
    else if (this.offset === 0) node.before(removed);
    else {
      const rest = node.splitText(this.offset);
      rest.before(removed);
      [this.nodes[this.index], this.offset] = [rest, 0];
    }
  }

  private next(): void {
    this.index++;
    this.offset = 0;
  }

  private forward(length: number, each: (node: Text, from: number, to: number) => void): void {
    let left = length;
    while (left > 0) {
      const node = this.nodes[this.index];
      if (node === undefined) return;
      const [from, to] = [this.offset, Math.min(node.data.length, this.offset + left)];
      left -= to - from;
      const before = this.index;
      this.offset = to;
      each(node, from, to);
      if (this.index === before && this.nodes[before] === node && this.offset >= node.data.length) this.next();
    }
  }
}
