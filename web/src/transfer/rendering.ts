/** A whole text rendered at once: for what is not the live preview, as print, export and old versions. */

import { renderBlocks } from "../preview/blocks";
import { sanitise } from "../preview/sanitise";

/** The top-level blocks of `text`, sanitised; `data-line` says at which line each begins. */
export function renderWhole(text: string): HTMLElement[] {
  return renderBlocks(text).map(({ html, line }) => {
    const block = document.createElement("div");
    block.className = "block";
    block.dataset["line"] = String(line);
    block.append(sanitise(html));
    return block;
  });
}
