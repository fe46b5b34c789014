/**
 * The blinking of the caret, which begins when nobody has typed for a moment. Until then it stands still:
 * an animation that each key begins anew, as CodeMirror has it, costs a third of what a key takes.
 */

import { ViewPlugin, type EditorView, type ViewUpdate } from "../vendor/codemirror";

const STILL_MS = 500;
const BLINKS = "caret-blinks";

class Blinking {
  private movedAt = performance.now();
  private timer: number | undefined;
  private blinks = false;

  constructor(private readonly view: EditorView) {
    this.wait(STILL_MS);
  }

  update({ docChanged, selectionSet }: ViewUpdate): void {
    if (!docChanged && !selectionSet) return;
    this.movedAt = performance.now();
    this.show(false);
    if (this.timer === undefined) this.wait(STILL_MS);
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }

  private wait(delayMs: number): void {
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      const rest = this.movedAt + STILL_MS - performance.now();
      if (rest > 0) this.wait(rest);
      else this.show(true);
    }, delayMs);
  }

  private show(blinks: boolean): void {
    if (this.blinks === blinks) return;
    this.blinks = blinks;
    this.view.scrollDOM.classList.toggle(BLINKS, blinks);
  }
}

export const blinking = ViewPlugin.fromClass(Blinking);
