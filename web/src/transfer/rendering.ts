/** A whole text rendered at once: for what is not the live preview, as print, export and old versions. */

import { renderBlocks } from "../markup/markup";
import { sanitise } from "../preview/sanitise";

/** The top-level blocks of `text`, sanitised; `data-line` says at which line each begins. */
export function renderWhole(text: string): HTMLElement[] {
  let line = 0;
  return renderBlocks(text).map(({ html, lines }) => {
    const block = document.createElement("div");
    block.className = "block";
    block.dataset["line"] = String(line);
    block.append(sanitise(html));
    line += lines;
    return block;
  });
}
