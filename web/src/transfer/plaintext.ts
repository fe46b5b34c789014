/** The text of a file, from its bytes. Pure. */

export interface DecodedText {
  readonly text: string;
  /** How many places of it were not valid in its encoding; `�` stands there. */
  readonly invalid: number;
}

const REPLACEMENT = "\ufffd";

/**
 * `bytes` as text: UTF-8, or UTF-16 where a byte order mark says so. Line ends become `\n`; the mark,
 * and NUL characters, which no document can hold, are left out.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const encoding = encodingOf(bytes);
  const raw = new TextDecoder(encoding).decode(bytes);
  const isValid = canDecode(encoding, bytes);
  // Where all is valid, what looks like a replacement was one before.
  const invalid = isValid ? 0 : raw.split(REPLACEMENT).length - 1;
  return { text: tidyText(raw), invalid };
}

export const tidyText = (text: string): string =>
  text.replace(/^\ufeff+/, "").replace(/\r\n?/g, "\n").replaceAll("\0", "");

function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return "utf-8";
}

function canDecode(encoding: string, bytes: Uint8Array): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
