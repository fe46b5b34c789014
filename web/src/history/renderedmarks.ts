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
  // Too different to say what became of what.
  return (
    compared(before, now)?.flatMap(({ old, block, isKept }) => {
      if (isKept) return block ?? [];
      if (block === undefined) return old === undefined ? [] : whole(old, "del", "diff-block-removed");
      if (old === undefined) return whole(block, "ins", "diff-block-added");
      return markWithin(old, block);
    }) ?? [...now]
  );
}

/** Both beside each other, row by row: what went away is marked on the one side, what came on the other. */
export function markBeside(before: readonly HTMLElement[], now: readonly HTMLElement[]): HTMLElement[] {
  const pairs = compared(before, now);
  if (pairs === null) return [row(stack(before), stack(now))];
  return pairs.map(({ old, block, isKept }) => {
    if (isKept) return row(old, block);
    if (block === undefined) return row(old === undefined ? old : whole(old, "del", "diff-block-removed"), undefined);
    if (old === undefined) return row(undefined, whole(block, "ins", "diff-block-added"));
    return row(...markApart(old, block));
  });
}

function row(old: HTMLElement | undefined, block: HTMLElement | undefined): HTMLElement {
  const side = (content: HTMLElement | undefined): HTMLElement => element("div", { class: "beside-side" }, content ?? null);
  return element("div", { class: "beside-row" }, side(old), side(block));
}

function stack(blocks: readonly HTMLElement[]): HTMLElement {
  const all = element("div");
  all.append(...blocks);
  return all;
}

interface Pair {
  readonly old: HTMLElement | undefined;
  readonly block: HTMLElement | undefined;
  readonly isKept: boolean;
}

/** Which block became which; null where there are too many differences. */
function compared(before: readonly HTMLElement[], now: readonly HTMLElement[]): Pair[] | null {
  const changes = diffArrays(before.map(keyOf), now.map(keyOf), { maxEditLength: MAX_EDITS });
  if (changes === undefined) return null;
  const text = (list: readonly HTMLElement[], index: number): string => list[index]?.textContent ?? "";
  return blockSteps(changes, (old, index) => likeness(text(before, old), text(now, index))).map((step) => ({
    old: "before" in step ? before[step.before] : undefined,
    block: "now" in step ? now[step.now] : undefined,
    isKept: step.kind === "kept",
  }));
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
  const cursor = new TextCursor(block);
  for (const { value, added, removed } of wordChanges(old, block)) {
    if (removed) cursor.insert(element("del", { class: "diff-removed" }, value));
    else if (added) cursor.wrap(value.length, "ins", "diff-added");
    else cursor.skip(value.length);
  }
  return block;
}

/** Both, each with the words that the other has not. */
function markApart(old: HTMLElement, block: HTMLElement): [HTMLElement, HTMLElement] {
  const cursors = { before: new TextCursor(old), now: new TextCursor(block) };
  for (const { value, added, removed } of wordChanges(old, block)) {
    if (removed) cursors.before.wrap(value.length, "del", "diff-removed");
    else if (added) cursors.now.wrap(value.length, "ins", "diff-added");
    else {
      cursors.before.skip(value.length);
      cursors.now.skip(value.length);
    }
  }
  old.classList.add("diff-block", "diff-block-changed");
  return [old, block];
}

/** Word by word; nothing where a block is more than its text, or very long. */
function wordChanges(old: HTMLElement, block: HTMLElement): ReturnType<typeof diffWordsWithSpace> {
  block.classList.add("diff-block", "diff-block-changed");
  const isOpaque = old.querySelector(OPAQUE) !== null || block.querySelector(OPAQUE) !== null;
  const [before, now] = [old.textContent ?? "", block.textContent ?? ""];
  return isOpaque || before.length + now.length > MAX_BLOCK_CHARS ? [] : diffWordsWithSpace(before, now);
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

  wrap(length: number, tag: "ins" | "del", name: string): void {
    this.forward(length, (node, from, to) => {
      // Line breaks between the items of a list are no text that somebody added.
      if (node.data.slice(from, to).trim() === "" && node.parentElement?.matches("ul, ol, table, tr, thead, tbody")) {
        return;
      }
      const added = from === 0 ? node : node.splitText(from);
      const rest = to - from < added.data.length ? added.splitText(to - from) : null;
      const mark = element(tag, { class: name });
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
