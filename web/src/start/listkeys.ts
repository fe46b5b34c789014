/** Which row of a list a key leads to. Pure. */

const TYPING_MS = 900;

/** The row after `key`, or null if the key is none of the list's. -1 is the place above the list. */
export function rowAfter(key: string, row: number, count: number): number | null {
  switch (key) {
    case "ArrowDown":
      return Math.min(row + 1, count - 1);
    case "ArrowUp":
      return Math.max(row - 1, -1);
    case "Home":
      return Math.min(0, count - 1);
    case "End":
      return count - 1;
    case "PageDown":
      return Math.min(row + 10, count - 1);
    case "PageUp":
      return Math.max(row - 10, Math.min(0, count - 1));
  }
  return null;
}

/** What was typed in a list within a moment, and the row that begins so. */
export class TypeAhead {
  private typed = "";
  private at = 0;

  /** The row whose title begins with what was typed, from `row` on and around; null if there is none. */
  next(key: string, row: number, titles: readonly string[], now: number): number | null {
    if (now - this.at > TYPING_MS) this.typed = "";
    if (this.typed === "" && key === " ") return null;
    this.at = now;
    const typed = this.typed + folded(key);
    // The same letter again: the next one that begins with it.
    const isRepeated = [...typed].every((each) => each === typed[0]);
    const wanted = isRepeated ? (typed[0] ?? "") : typed;
    this.typed = typed;
    const from = isRepeated ? row + 1 : Math.max(row, 0);
    for (let n = 0; n < titles.length; n += 1) {
      const at = (from + n) % titles.length;
      if (folded(titles[at] ?? "").startsWith(wanted)) return at;
    }
    return null;
  }
}

/** Whether a key writes a character. */
export const isCharacter = (event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): boolean =>
  [...event.key].length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;

const folded = (words: string): string =>
  words.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
