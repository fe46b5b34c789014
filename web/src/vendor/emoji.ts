/** The names of emoji; its own file in the build, loaded once a text uses one. */
import { default as defs } from "markdown-it-emoji/lib/data/full.mjs";

export const emojiTable: Readonly<Record<string, string>> = defs;
