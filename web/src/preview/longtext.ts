/**
 * Long paragraphs of one line on the page: cut into pieces that the browser lays out one by one, and only
 * where they are seen. Laid out as a whole, a line of 2,000,000 characters takes it seconds for each edit.
 */

import { cutText } from "./textcut";

/** Where a text is longer, it is cut. */
const MAX_UNITS = 20_000;
/** What takes the direction of its own first letter: those of `preview.css`. */
const PARAGRAPHS = "p, h1, h2, h3, h4, h5, h6, li, td, th, dt, dd, blockquote, summary";

/** Cut the long texts in `fragment`, but none of code, whose lines are not broken. */
export function cutLongTexts(fragment: DocumentFragment): void {
  for (const paragraph of fragment.querySelectorAll<HTMLElement>(PARAGRAPHS)) {
    if ((paragraph.textContent ?? "").length <= MAX_UNITS) continue;
    // `unicode-bidi: plaintext`, which the others have, takes 40 times as long here.
    if (!paragraph.hasAttribute("dir")) paragraph.dir = "auto";
    paragraph.classList.add("long-text");
  }
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const long: Text[] = [];
  while (walker.nextNode() !== null) {
    const node = walker.currentNode as Text;
    if (node.length > MAX_UNITS && node.parentElement?.closest("pre, code") === null) long.push(node);
  }
  for (const node of long) node.replaceWith(...cutText(node.data, MAX_UNITS).map(pieceOf));
}

function pieceOf(text: string): HTMLElement {
  const piece = document.createElement("span");
  piece.className = "text-piece";
  piece.textContent = text;
  return piece;
}

/** Whether a block of so much HTML may hold a long text. */
export const mayHoldLongText = (html: string): boolean => html.length > MAX_UNITS;
