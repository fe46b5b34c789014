/**
 * Markdown as a list of top-level blocks, each with the HTML it becomes and the line it starts at.
 * Pure: what is returned is not safe to insert yet; `pane.ts` sanitises it last.
 */

import { withoutMark } from "../newlines";
import { MarkdownIt } from "../vendor/markdown";
import { taskLists } from "../markup/tasks";
import { frontMatter } from "../markup/frontmatter";

export interface Block {
  readonly html: string;
  /** First source line, from 0. */
  readonly line: number;
}

// HTML in documents stays text: what people write here is shown to others.
const parser = new MarkdownIt({ html: false, linkify: true, typographer: false }).use(taskLists);

export function renderBlocks(source: string): Block[] {
  const env = {};
  const text = withoutMark(source).replace(/\r\n?/g, "\n");
  const matter = frontMatter(text);
  const skipped = matter.split("\n").length - 1;
  const tokens = parser.parse(text.slice(matter.length), env);
  const blocks: Block[] = matter === "" ? [] : [{ html: asCode(matter), line: 0 }];
  let start = 0;
  let depth = 0;
  tokens.forEach((token, index) => {
    depth += token.nesting;
    if (depth > 0) return;
    const html = parser.renderer.render(tokens.slice(start, index + 1), parser.options, env);
    blocks.push({ html, line: skipped + (tokens[start]?.map?.[0] ?? 0) });
    start = index + 1;
  });
  return blocks;
}

const asCode = (matter: string): string =>
  `<pre><code class="language-yaml">${parser.utils.escapeHtml(matter)}</code></pre>`;

/** Replace `removed` blocks at `start` by `inserted`; everything around them is unchanged. */
export interface Patch {
  readonly start: number;
  readonly removed: number;
  readonly inserted: readonly Block[];
}

/** The smallest single patch from one rendering to the next. */
export function patchBlocks(before: readonly Block[], after: readonly Block[]): Patch {
  const shorter = Math.min(before.length, after.length);
  const same = (one: number, other: number): boolean => before[one]?.html === after[other]?.html;
  let start = 0;
  while (start < shorter && same(start, start)) start++;
  let end = 0;
  while (end < shorter - start && same(before.length - 1 - end, after.length - 1 - end)) end++;
  return {
    start,
    removed: before.length - start - end,
    inserted: after.slice(start, after.length - end),
  };
}
