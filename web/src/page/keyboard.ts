/** Which key presses on the page may be shortcuts. */

import type { KeyPress } from "../command/shortcut";

/**
 * What was pressed, or null where it is not the page's: somebody else has dealt with it, it belongs to
 * an input method, or a modal dialog lies over the page.
 */
export function pressOf(event: KeyboardEvent): KeyPress | null {
  if (event.defaultPrevented || event.isComposing) return null;
  if (event.target instanceof Element && event.target.closest("dialog") !== null) return null;
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  return { key, code, ctrlKey, metaKey, altKey, shiftKey, altGraph: event.getModifierState("AltGraph") };
}
