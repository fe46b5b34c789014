/** Names of documents and of people. Pure. */

const DOCUMENT_NAME = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$/;
const MAX_USER_NAME = 60;

export function isDocumentName(name: string): boolean {
  return DOCUMENT_NAME.test(name);
}

/** A document name made of what someone typed, or null if nothing usable is in it. */
export function documentNameFrom(title: string): string | null {
  if (isDocumentName(title)) return title;
  const name = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9:._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, 128);
  return isDocumentName(name) ? name : null;
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
