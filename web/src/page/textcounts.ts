/** Numbers about a text and about a place in it, for the bar at the bottom. Pure. */

export interface TextCounts {
  readonly words: number;
  /** Code points, as the server counts them. */
  readonly chars: number;
}

export interface CaretPlace {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Of all selections together; 0 for a mere caret. */
  readonly selectedChars: number;
  readonly selectedLines: number;
}

/** A text as a tree of lines, of which an edit replaces few leaves: CodeMirror's `Text`. */
export interface LineTree {
  readonly children: readonly LineTree[] | null;
  readonly lines: number;
  iterLines(): Iterable<string>;
}

/** From this share of the limit on, the number of characters is shown beside it. */
const LIMIT_SHOWN_FROM = 0.8;

/** From this share of the limit on, there is hardly room for more. */
const ALMOST_FULL_FROM = 0.98;

/** Scripts without spaces: a sign is a word. */
const SINGLE = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
const WORD = new RegExp(String.raw`[${SINGLE}]|(?:(?![${SINGLE}])[\p{L}\p{N}\p{M}_])(?:(?![${SINGLE}])[\p{L}\p{N}\p{M}_'’])*`, "gu");

const kept = new WeakMap<LineTree, TextCounts>();

/** Count words and characters; what did not change since an earlier count is not counted again. */
export function countText(text: LineTree): TextCounts {
  const { words, chars } = countTree(text);
  return { words, chars: chars - 1 };
}

/** With a line end behind every line, the last one too. */
function countTree(tree: LineTree): TextCounts {
  const known = kept.get(tree);
  if (known !== undefined) return known;
  let [words, chars] = [0, 0];
  if (tree.children === null) {
    for (const line of tree.iterLines()) {
      words += line.match(WORD)?.length ?? 0;
      chars += codePoints(line) + 1;
    }
  } else {
    for (const child of tree.children) {
      const counts = countTree(child);
      words += counts.words;
      chars += counts.chars;
    }
  }
  const counts = { words, chars };
  kept.set(tree, counts);
  return counts;
}

function codePoints(line: string): number {
  let count = line.length;
  for (let index = 0; index + 1 < line.length; index++) {
    if (line.codePointAt(index)! > 0xffff) {
      count--;
      index++;
    }
  }
  return count;
}

/** Whether so many characters are so near to the limit that one should see it. */
export const isNearLimit = (chars: number, limit: number | null): boolean =>
  limit !== null && chars >= limit * LIMIT_SHOWN_FROM;

/** Whether there is so little room that the user is told before an edit is refused. */
export const isAlmostFull = (chars: number, limit: number | null): boolean =>
  limit !== null && chars >= limit * ALMOST_FULL_FROM;
