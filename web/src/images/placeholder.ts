/** The placeholder of an image in a text, and what takes its place. Pure. */

export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

const MAX_NAME = 80;
/** The name that browsers give to what has none. */
const NAMELESS = /^(?:image|unknown|blob)$/i;

/** What may stand between `![` and `]`. */
const plain = (words: string): string =>
  [...words.replace(/[\p{C}[\]\\<>`]+/gu, " ").trim()].slice(0, MAX_NAME).join("");

/** @param words that the image is on its way, in the user's language */
export const placeholder = (id: string, words: string): string => `![${plain(words)}](upload:${id})`;

/** What the image is called in the text: the file without its ending, or nothing for a screenshot. */
export function altOf(fileName: string): string {
  const stem = plain(fileName.replace(/\.[A-Za-z0-9]{1,5}$/, ""));
  return NAMELESS.test(stem) ? "" : stem;
}

/** The image in place of its placeholder; null if that is not there any more. */
export function placed(text: string, id: string, fileName: string, url: string): TextChange | null {
  const found = find(text, id);
  return found === null ? null : { ...found, insert: `![${altOf(fileName)}](${url})` };
}

/** The placeholder taken out, with the line that it had to itself. */
export function removed(text: string, id: string): TextChange | null {
  const found = find(text, id);
  if (found === null) return null;
  const { from, to } = found;
  const hasLine = (from === 0 || text[from - 1] === "\n") && text[to] === "\n";
  return { from, to: hasLine ? to + 1 : to, insert: "" };
}

function find(text: string, id: string): { readonly from: number; readonly to: number } | null {
  const end = `](upload:${id})`;
  const at = text.indexOf(end);
  if (at < 0) return null;
  const from = text.lastIndexOf("![", at);
  // Somebody may have written into it; what is not the beginning of an image is left alone.
  const isWhole = from >= 0 && !/[\n\]]/.test(text.slice(from, at));
  return { from: isWhole ? from : at, to: at + end.length };
}
