/** `:smile:`: the names are loaded once a text uses one. Pure. */

import type { Parser, StateInline } from "../vendor/markdown";

const NAME = /:([a-z0-9_+-]{1,50}):/y;
/** A text that may hold a name. */
const MAYBE = /:[a-z0-9_+-]{1,50}:/;

export type EmojiTable = Readonly<Record<string, string>>;

/** The length of the longest name, with its colons. */
export const MAX_EMOJI_CHARS = 52;

export const mayHoldEmoji = (text: string): boolean => MAYBE.test(text);

/** @param table gives the names that are known by now */
export function emoji(parser: Parser, table: () => EmojiTable): void {
  parser.inline.ruler.push("emoji", (state: StateInline, silent) => {
    NAME.lastIndex = state.pos;
    if (state.src.charCodeAt(state.pos) !== 0x3a) return false;
    const found = NAME.exec(state.src);
    const name = found?.[1];
    if (found === null || name === undefined || !Object.hasOwn(table(), name)) return false;
    if (!silent) state.push("text", "", 0).content = table()[name] ?? "";
    state.pos += found[0].length;
    return true;
  });
}
