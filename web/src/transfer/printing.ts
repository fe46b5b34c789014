/**
 * Printing a document: all of it, rendered for that alone, and nothing of the page around it.
 *
 * The live preview may be hidden, or have only the blocks that are near the window, and the browser
 * waits for nothing between `beforeprint` and the picture it takes. So there is a rendering beside the
 * page which `print.css` shows on paper alone. Formulas, drawings and pictures are waited for when
 * printing was asked for by the command; the browser's own command finds what has been loaded.
 */

import { element } from "../dom";
import { enrichNow, enrichWholly, loadEmoji, renderWhole } from "./rendering";

export class Printing {
  private readonly paper = element("div", { class: "print-paper preview-content", "aria-hidden": "true" });
  private ready: string | null = null;

  /** @param text what is on the page, asked for when it is printed */
  constructor(private readonly text: () => string) {
    window.addEventListener("beforeprint", () => this.prepare());
    window.addEventListener("afterprint", () => this.clear());
  }

  /** Print, once everything is there. */
  async print(): Promise<void> {
    const text = this.text();
    await loadEmoji(text);
    this.paper.replaceChildren(...renderWhole(text));
    // Drawings and fonts are made for what is in the page.
    document.body.append(this.paper);
    await enrichWholly(this.paper);
    await Promise.all([picturesIn(this.paper), document.fonts.ready]);
    this.ready = text;
    window.print();
  }

  private prepare(): void {
    const text = this.text();
    if (this.ready !== text) {
      this.paper.replaceChildren(...renderWhole(text));
      enrichNow(this.paper);
    }
    // Nobody can open what is printed.
    for (const details of this.paper.querySelectorAll("details")) details.open = true;
    document.body.append(this.paper);
    document.documentElement.classList.add("has-paper");
  }

  private clear(): void {
    this.paper.remove();
    this.paper.replaceChildren();
    this.ready = null;
    document.documentElement.classList.remove("has-paper");
  }
}

const PATIENCE_MS = 5_000;

/** Pictures that come lazily would not come at all for what is never seen. */
async function picturesIn(paper: HTMLElement): Promise<void> {
  const images = [...paper.querySelectorAll("img")];
  for (const image of images) image.loading = "eager";
  const loaded = images.map((image) => image.decode().catch(() => undefined));
  const patience = new Promise((resolve) => window.setTimeout(resolve, PATIENCE_MS));
  await Promise.race([Promise.all(loaded), patience]);
}
