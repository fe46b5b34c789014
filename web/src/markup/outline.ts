/** The headings of a document: for an outline, a table of contents, and links to a part. Pure. */

import { withoutMark } from "../newlines";
import type { Token } from "../vendor/markdown";
import { frontMatter } from "./frontmatter";
import { createParser } from "./parser";
import { plainText } from "./plain";
import { Slugs, slugOf } from "./slug";

export interface Heading {
  /** 1 to 6. */
  readonly level: number;
  /** Without markup, on one line. */
  readonly text: string;
  /** From 0, in the whole text. */
  readonly line: number;
  /** What stands behind `#` in a link; unique in the document. */
  readonly id: string;
}

/** A heading as its block has it: `line` counts from the start of the block. */
export interface FoundHeading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
  readonly slug: string;
}

/** The text as the parser counts its lines: without byte order mark, carriage returns and NUL. */
export const normalized = (source: string): string =>
  withoutMark(source).replace(/\r\n?/g, "\n").replace(/\0/g, "\ufffd");

/** The headings in tokens whose inline content has been read. */
export function findHeadings(tokens: readonly Token[]): FoundHeading[] {
  const found: FoundHeading[] = [];
  tokens.forEach((token, index) => {
    if (token.type !== "heading_open") return;
    const text = plainText(tokens[index + 1]?.children ?? []).replace(/\s+/g, " ").trim();
    found.push({ level: Number(token.tag.slice(1)), text, line: token.map?.[0] ?? 0, slug: slugOf(text) });
  });
  return found;
}

const reader = createParser(() => ({}));

/** All headings of `source`. Whoever shows the document too has them from `Markup`, at less cost. */
export function outlineOf(source: string): Heading[] {
  const text = normalized(source);
  const matter = frontMatter(text);
  const skipped = matter.split("\n").length - 1;
  const tokens: Token[] = [];
  const env = {};
  reader.block.parse(text.slice(matter.length), reader, env, tokens);
  tokens.forEach((token, index) => {
    const content = tokens[index + 1];
    if (token.type === "heading_open" && content !== undefined) {
      reader.inline.parse(content.content, reader, env, (content.children ??= []));
    }
  });
  const slugs = new Slugs();
  return findHeadings(tokens).map(({ level, text: words, line, slug }) => ({
    level,
    text: words,
    line: skipped + line,
    id: slugs.next(slug),
  }));
}
