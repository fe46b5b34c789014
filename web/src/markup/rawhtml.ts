/**
 * Which blocks belong together because HTML that one opens is closed in another, as `<details>` with
 * markdown inside. Pure.
 */

const TAG = /<!--[^]*?(?:-->|$)|<(\/?)([a-z][a-z0-9-]*)(?:"[^"]*"|'[^']*'|[^'">])*?(\/?)>/gi;
const VOID = new Set(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]);
const MAX_DEPTH = 50;

/** Tags that are left open, or close what was opened before: `details`, `/details`. */
export function openEnds(html: string): string[] {
  const ends: string[] = [];
  for (const [, slash, name = "", closed] of html.matchAll(TAG)) {
    const tag = name.toLowerCase();
    if (tag === "" || VOID.has(tag) || closed === "/") continue;
    if (slash === "/") {
      const opened = ends.lastIndexOf(tag);
      if (opened >= 0) ends.length = opened;
      else ends.push(`/${tag}`);
    } else {
      ends.push(tag);
    }
    if (ends.length > MAX_DEPTH) ends.shift();
  }
  return ends;
}

/** For each block, how many more belong to it; `ends` are those of each block. */
export function spans(ends: readonly (readonly string[])[]): Map<number, number> {
  const stack: { tag: string; block: number }[] = [];
  const pairs = new Map<number, number>();
  ends.forEach((tags, block) => {
    for (const tag of tags) {
      if (!tag.startsWith("/")) {
        stack.push({ tag, block });
        if (stack.length > MAX_DEPTH) stack.shift();
        continue;
      }
      const found = stack.map((open) => open.tag).lastIndexOf(tag.slice(1));
      const opened = stack[found];
      if (opened === undefined) continue;
      stack.length = found;
      if (opened.block < block) pairs.set(opened.block, Math.max(pairs.get(opened.block) ?? 0, block));
    }
  });
  return merged(pairs);
}

function merged(pairs: ReadonlyMap<number, number>): Map<number, number> {
  const result = new Map<number, number>();
  let start = -1;
  let end = -1;
  for (const [from, to] of [...pairs].sort(([one], [other]) => one - other)) {
    if (from <= end) end = Math.max(end, to);
    else [start, end] = [from, to];
    result.set(start, end - start);
  }
  return result;
}
