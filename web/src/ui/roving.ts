/** Which of several controls the focus goes to by a key: in menus, toolbars, tabs and lists. Pure. */

export type Axis = "horizontal" | "vertical";

interface Controls {
  /** The one that has the focus, or -1. */
  readonly index: number;
  /** Whether each of them can be reached. */
  readonly reachable: readonly boolean[];
  readonly axis: Axis;
  /** The text runs from right to left. */
  readonly rtl?: boolean;
}

/** The index that `key` leads to, around the ends; null if the key leads nowhere. */
export function indexByKey(key: string, { index, reachable, axis, rtl = false }: Controls): number | null {
  const [back, forth] =
    axis === "vertical"
      ? ["ArrowUp", "ArrowDown"]
      : rtl
        ? ["ArrowRight", "ArrowLeft"]
        : ["ArrowLeft", "ArrowRight"];
  if (key === "Home") return nearest(reachable, 0, 1);
  if (key === "End") return nearest(reachable, reachable.length - 1, -1);
  if (key === forth) return nearest(reachable, index + 1, 1);
  if (key === back) return nearest(reachable, index < 0 ? reachable.length - 1 : index - 1, -1);
  return null;
}

/** The first that can be reached from `start` in steps of `step`, around the end; null if none. */
function nearest(reachable: readonly boolean[], start: number, step: 1 | -1): number | null {
  const count = reachable.length;
  for (let tried = 0; tried < count; tried++) {
    const index = (((start + tried * step) % count) + count) % count;
    if (reachable[index] === true) return index;
  }
  return null;
}

/**
 * The label that what was typed leads to, or null. One letter goes on to the next label that begins with it,
 * several look for a label from where the focus is.
 */
export function indexByTyping(typed: string, labels: readonly string[], index: number): number | null {
  const wanted = typed.toLocaleLowerCase();
  const letters = [...wanted];
  const isOneLetter = letters.length > 0 && letters.every((letter) => letter === letters[0]);
  const beginning = isOneLetter ? (letters[0] ?? "") : wanted;
  if (beginning === "") return null;
  const start = isOneLetter ? index + 1 : Math.max(index, 0);
  for (let tried = 0; tried < labels.length; tried++) {
    const at = (start + tried) % labels.length;
    if (labels[at]?.toLocaleLowerCase().startsWith(beginning) === true) return at;
  }
  return null;
}

/** What is typed within a moment is one word. */
export class Typing {
  private word = "";
  private lastMs = -Infinity;

  constructor(private readonly patienceMs = 700) {}

  /** Add a letter that was typed at `nowMs`; returns the word so far. */
  add(letter: string, nowMs: number): string {
    this.word = nowMs - this.lastMs > this.patienceMs ? letter : this.word + letter;
    this.lastMs = nowMs;
    return this.word;
  }
}
