/** The words of the interface, in the language of the user. */

import { batch, effect, signal } from "../vendor/preact";
import { english, type Words } from "./en/english";

export type Language = "en" | "de";

export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

const STORAGE_KEY = "quire-language";

const current = signal<Words>(english);
const tag = signal<Language>("en");

/** All words. A component that reads them is rendered again when the language changes. */
export const words = (): Words => current.value;

/** Run `again` whenever the language has changed; not in the midst of what changes it. */
export function inEveryLanguage(again: () => void): void {
  let isFirst = true;
  effect(() => {
    words();
    if (!isFirst) queueMicrotask(again);
    isFirst = false;
  });
}

export const shownLanguage = (): Language => tag.value;

/** Numbers, times and lists as the shown language writes them. */
export const locale = (): string => preciseTag(tag.value, typeof navigator === "undefined" ? [] : navigator.languages);

/** The browser's own tag of a language, as `en-GB` for English: it knows the country. */
export const preciseTag = (language: Language, offered: readonly string[]): string =>
  offered.find((one) => one.toLowerCase().split("-")[0] === language) ?? language;

/** The language that the user chose on this device, or else the first of the browser's that there is. */
export function preferredLanguage(chosen: string | null, offered: readonly string[]): Language {
  for (const one of [chosen ?? "", ...offered]) {
    const found = one.toLowerCase().split("-")[0] ?? "";
    if (isLanguage(found)) return found;
  }
  return "en";
}

const isLanguage = (found: string): found is Language => Object.hasOwn(LANGUAGES, found);

/** Show everything in `language` from now on. English is there at once; another one is loaded first. */
export async function showLanguage(language: Language): Promise<void> {
  const loaded = language === "de" ? (await import("./de/german")).german : english;
  batch(() => {
    current.value = loaded;
    tag.value = language;
  });
  document.documentElement.lang = language;
}

/** Load the user's language before the first page is shown; without it, English is shown. */
export async function loadLanguage(): Promise<void> {
  try {
    await showLanguage(preferredLanguage(chosenLanguage(), navigator.languages));
  } catch {
    // A language that cannot be loaded now must not keep anybody from the text.
  }
}

export async function chooseLanguage(language: Language): Promise<void> {
  await showLanguage(language);
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function chosenLanguage(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
