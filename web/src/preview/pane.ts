/**
 * The rendered pane. Only blocks whose HTML changed are replaced, so what one reads stays where it
 * is while others type, and a keystroke in a long document costs one block.
 */

import { renderBlocks, patchBlocks, type Block } from "./blocks";
import { sanitise } from "./sanitise";

const MIN_DELAY_MS = 30;
const MAX_DELAY_MS = 1_000;

export class PreviewPane {
  readonly dom = document.createElement("div");

  private blocks: readonly Block[] = [];
  private timer: number | undefined;
  private lastCostMs = 0;
  private source: () => string = () => "";

  constructor() {
    this.dom.className = "preview-content";
  }

  /** Show what `source` returns, soon: the longer a rendering takes, the rarer it is done. */
  schedule(source: () => string): void {
    this.source = source;
    if (this.timer !== undefined) return;
    const delay = Math.min(Math.max(2 * this.lastCostMs, MIN_DELAY_MS), MAX_DELAY_MS);
    this.timer = window.setTimeout(() => this.render(), delay);
  }

  /** Show `text` now. */
  show(text: string): void {
    this.source = () => text;
    this.render();
  }

  private render(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    const started = performance.now();
    const next = renderBlocks(this.source());
    const { start, removed, inserted } = patchBlocks(this.blocks, next);
    for (let count = 0; count < removed; count++) this.dom.children[start]?.remove();
    const before = this.dom.children[start] ?? null;
    for (const block of inserted) this.dom.insertBefore(blockElement(block), before);
    this.blocks = next;
    next.forEach((block, index) => {
      const element = this.dom.children[index];
      if (element instanceof HTMLElement) element.dataset["line"] = String(block.line);
    });
    this.lastCostMs = performance.now() - started;
  }
}

function blockElement(block: Block): HTMLElement {
  const element = document.createElement("div");
  element.className = "block";
  element.append(sanitise(block.html));
  return element;
}
