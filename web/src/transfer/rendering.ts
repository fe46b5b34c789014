/** A whole text rendered at once: for what is not the live preview, as print, export and old versions. */

import { mayHoldEmoji, type EmojiTable } from "../markup/emoji";
import { renderBlocks } from "../markup/markup";
import { decorate } from "../preview/decorate";
import { enrich } from "../preview/enrich";
import { sanitise } from "../preview/sanitise";

/** How long drawings and formulas may take; what is not there by then is left as its source. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

let emoji: EmojiTable = {};

/** The top-level blocks of `text`, sanitised; `data-line` says at which line each begins. */
export function renderWhole(text: string): HTMLElement[] {
  let line = 0;
  return renderBlocks(text, emoji).map(({ html, lines }) => {
    const block = document.createElement("div");
    block.className = "block";
    block.dataset["line"] = String(line);
    block.append(sanitise(html));
    line += lines;
    return block;
  });
}

/** Load the names of emoji, if `text` may hold some: `renderWhole` knows them from then on. */
export async function loadEmoji(text: string): Promise<void> {
  if (mayHoldEmoji(text)) emoji = (await import("../vendor/emoji")).emojiTable;
}

/** Colours, formulas and drawings in `element`, as far as what they need has been loaded. */
export function enrichNow(element: HTMLElement): void {
  decorate(element, false);
  // It is for paper and files, which are light.
  element.dataset["theme"] = "light";
  enrich(element);
}

/** The same, once everything is there, or has taken too long. */
export async function enrichWholly(element: HTMLElement): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  enrichNow(element);
  while (isWaiting(element) && performance.now() < end) {
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
    enrich(element);
  }
}

const isWaiting = (element: HTMLElement): boolean =>
  [...element.querySelectorAll("code.math, pre.math, pre.diagram")].some(
    (place) => place.previousElementSibling?.classList.contains("diagram-failed") !== true,
  );

/** `text` rendered for a file, with everything in it that is loaded only when it is used. */
export async function renderForExport(text: string): Promise<HTMLElement> {
  await loadEmoji(text);
  const article = document.createElement("article");
  article.append(...renderWhole(text));
  await enrichWholly(article);
  return article;
}
