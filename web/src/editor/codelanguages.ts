/** The languages of code in a text: each is loaded once a fence names it. */

import { ParseContext, type Language } from "../vendor/codemirror";

type CodeParser = Language["parser"];

/** By name; null where none is known. */
const loaded = new Map<string, CodeParser | null>();
const loading = new Map<string, Promise<void>>();

/** The parser for code, by what stands behind the backticks: until it is here, the code is passed over. */
export function codeParser(info: string): CodeParser | null {
  const name = /^[^\s{]+/.exec(info)?.[0].toLowerCase();
  if (name === undefined) return null;
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const coming = loading.get(name) ?? load(name);
  loading.set(name, coming);
  return ParseContext.getSkippingParser(coming);
}

async function load(name: string): Promise<void> {
  try {
    const { LanguageDescription, languages } = await import("../vendor/languages");
    const support = await LanguageDescription.matchLanguageName(languages, name, false)?.load();
    loaded.set(name, support?.language.parser ?? null);
  } catch {
    loaded.set(name, null); // offline it stays without colours
  }
}
