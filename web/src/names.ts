/** Names of documents and of people. Pure. */

const DOCUMENT_NAME = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$/;
const MAX_USER_NAME = 60;

export function isDocumentName(name: string): boolean {
  return DOCUMENT_NAME.test(name);
}

/** A document name made of a title, or null where it would tell less than half of it. */
export function documentNameFrom(title: string): string | null {
  if (isDocumentName(title)) return title;
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const written = plain.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const kept = plain.match(/[a-z0-9]/g)?.length ?? 0;
  if (kept * 2 < written) return null;
  const name = plain
    .replace(/[^a-z0-9:._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, 128);
  return isDocumentName(name) ? name : null;
}

// Without what is easily mistaken for something else.
const SUFFIX = "23456789abcdefghjkmnpqrstuvwxyz";
const SUFFIX_LENGTH = 6;

/**
 * The name of a document whose own is taken: the same with six letters behind it.
 *
 * @param random numbers from 0 up to 1, one for each call
 */
export function anotherName(name: string, random: () => number): string {
  const letter = (): string => SUFFIX.charAt(Math.floor(random() * SUFFIX.length));
  const suffix = Array.from({ length: SUFFIX_LENGTH }, letter).join("");
  return `${name.slice(0, 128 - 1 - SUFFIX_LENGTH)}-${suffix}`;
}

/** A person's name as it is kept and sent, or null if it is empty. */
export function userNameFrom(typed: string): string | null {
  const name = [...typed.replace(/\s+/g, " ").replace(/\p{C}/gu, "").trim()]
    .slice(0, MAX_USER_NAME)
    .join("");
  return name === "" ? null : name;
}

/** Up to two letters that stand for a person. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words.slice(0, 1);
  return letters.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "").join("") || "?";
}
