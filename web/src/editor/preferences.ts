/** How somebody likes to write on this device: keys, spelling, wrapping, width of a tab. */

import { signal } from "../vendor/preact";

export type Keys = "default" | "vim" | "emacs";

export interface Preferences {
  readonly keys: Keys;
  /** The browser checks the spelling. */
  readonly spellcheck: boolean;
  /** Long lines are wrapped. */
  readonly wrap: boolean;
  readonly tabSize: 2 | 4 | 8;
}

export const DEFAULT_PREFERENCES: Preferences = { keys: "default", spellcheck: true, wrap: true, tabSize: 4 };

const STORAGE_KEY = "quire-editor";

/** What was stored, field by field; what is missing or cannot be is as by default. */
export function readPreferences(stored: string | null): Preferences {
  const found = parsed(stored);
  const { keys, spellcheck, wrap, tabSize } = found;
  return {
    keys: keys === "vim" || keys === "emacs" ? keys : DEFAULT_PREFERENCES.keys,
    spellcheck: typeof spellcheck === "boolean" ? spellcheck : DEFAULT_PREFERENCES.spellcheck,
    wrap: typeof wrap === "boolean" ? wrap : DEFAULT_PREFERENCES.wrap,
    tabSize: tabSize === 2 || tabSize === 8 ? tabSize : DEFAULT_PREFERENCES.tabSize,
  };
}

function parsed(stored: string | null): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(stored ?? "{}");
    return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

export const preferences = signal<Preferences>(readPreferences(load()));

export function prefer(part: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...part };
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences.value));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function load(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
