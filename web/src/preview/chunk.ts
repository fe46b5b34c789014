/**
 * Some neighbouring blocks of a rendering. Until it is near to what is seen, a chunk is one empty
 * element, with a height that is guessed from its lines: a long document is a few hundred of these.
 */

import type { Block } from "../markup/patch";
import { cutLongTexts, mayHoldLongText } from "./longtext";
import { sanitise, sanitiseAll } from "./sanitise";

export interface Entry {
  block: Block;
  /** Null until the chunk is built. */
  element: HTMLElement | null;
  /** What is loaded on demand (colours, formulas, drawings) has been applied. */
  enriched: boolean;
}

const LINE_HEIGHT_PX = 27;

export const newEntry = (block: Block): Entry => ({ block, element: null, enriched: false });

export class Chunk {
  readonly dom = document.createElement("div");
  isBuilt = false;

  /** @param filled is called with each entry whose content is new */
  constructor(
    readonly entries: Entry[],
    private readonly filled: (entry: Entry) => void,
  ) {
    this.dom.className = "chunk";
    this.guessHeight();
  }

  get lines(): number {
    return this.entries.reduce((sum, { block }) => sum + block.lines, 0);
  }

  /** Make the elements, safe and filled. */
  build(): void {
    if (this.isBuilt) return;
    this.isBuilt = true;
    this.fill(this.entries);
    this.dom.replaceChildren(...this.entries.flatMap(({ element }) => (element === null ? [] : [element])));
  }

  /** What is there is to be made anew, when it is built next: its words are of another language. */
  expire(): void {
    this.isBuilt = false;
  }

  /** Show another block in the place of one that is there. */
  renew(index: number, block: Block): void {
    const entry = this.entries[index];
    if (entry === undefined) return;
    const differs = entry.block.html !== block.html || entry.block.raw !== block.raw;
    entry.block = block;
    if (differs && this.isBuilt) this.fill([entry]);
  }

  splice(start: number, removed: number, inserted: Entry[]): void {
    const gone = this.entries.splice(start, removed, ...inserted);
    this.guessHeight();
    if (!this.isBuilt) return;
    for (const { element } of gone) element?.remove();
    this.fill(inserted);
    const before = this.entries[start + inserted.length]?.element ?? null;
    for (const { element } of inserted) if (element !== null) this.dom.insertBefore(element, before);
  }

  /** Cut what follows `index` off, as a chunk of its own. */
  cut(index: number): Chunk {
    const rest = new Chunk(this.entries.splice(index), this.filled);
    rest.isBuilt = this.isBuilt;
    for (const { element } of rest.entries) if (element !== null) rest.dom.append(element);
    this.guessHeight();
    return rest;
  }

  private guessHeight(): void {
    this.dom.style.containIntrinsicBlockSize = `auto ${this.lines * LINE_HEIGHT_PX}px`;
  }

  private fill(entries: readonly Entry[]): void {
    const balanced = entries.filter(({ block }) => !block.raw);
    const fragments = sanitiseAll(balanced.map(({ block }) => block.html));
    balanced.forEach((entry, index) => this.put(entry, fragments[index] ?? document.createDocumentFragment()));
    for (const entry of entries) if (entry.block.raw) this.put(entry, sanitise(entry.block.html));
  }

  /** What was unfolded stays so, and a box that has the focus keeps it. */
  private put(entry: Entry, fragment: DocumentFragment): void {
    const element = (entry.element ??= blockElement());
    const boxes = (): HTMLInputElement[] => [...element.querySelectorAll<HTMLInputElement>("input.task-box")];
    const focused = boxes().findIndex((box) => box === document.activeElement);
    const unfolded = [...element.querySelectorAll("details")].map(({ open }) => open);
    if (mayHoldLongText(entry.block.html)) cutLongTexts(fragment);
    element.replaceChildren(fragment);
    element.querySelectorAll("details").forEach((details, index) => (details.open = unfolded[index] ?? details.open));
    entry.enriched = false;
    this.filled(entry);
    if (focused >= 0) boxes()[focused]?.focus({ preventScroll: true });
  }
}

function blockElement(): HTMLElement {
  const element = document.createElement("div");
  element.className = "block";
  return element;
}
