/** Whether source and preview scroll together: kept on the device. */

import type { Command } from "../command/command";
import { words } from "../language/language";
import { signal } from "../vendor/preact";

const STORAGE_KEY = "quire:sync-scroll";

export const syncsScroll = signal(stored() !== "off");

function stored(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

export function setSyncsScroll(value: boolean): void {
  syncsScroll.value = value;
  try {
    localStorage.setItem(STORAGE_KEY, value ? "on" : "off");
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

export const syncCommand = (): Command => ({
  id: "sync-scroll",
  group: "view",
  label: () => words().preview.syncScroll,
  active: () => syncsScroll.value,
  run: () => setSyncsScroll(!syncsScroll.value),
});
