/**
 * The markdown that Quire reads: CommonMark and GFM, and what notes of HedgeDoc and HackMD use. Pure:
 * what comes out is not safe to insert; `sanitise.ts` comes last.
 */

import {
  MarkdownIt,
  abbreviations,
  definitionLists,
  footnotes,
  inserted,
  marked,
  subscript,
  superscript,
  type Env,
  type Parser,
  type Token,
} from "../vendor/markdown";
import { annotate } from "./annotate";
import { containers } from "./containers";
import { emoji, type EmojiTable } from "./emoji";
import { fences } from "./fences";
import { imageSizes } from "./imagesize";
import { math } from "./math";
import { noteReferences } from "./notes";
import { quoteMarks } from "./quotemarks";
import { taskLists } from "./tasks";
import { tableOfContents } from "./toc";

export function createParser(table: () => EmojiTable): Parser {
  const parser = new MarkdownIt({ html: true, linkify: true, typographer: false, maxNesting: 60 })
    .use(footnotes)
    .use(abbreviations)
    .use(definitionLists)
    .use(marked)
    .use(inserted)
    .use(subscript)
    .use(superscript)
    .use(containers)
    .use(math)
    .use(fences)
    .use(noteReferences)
    .use(tableOfContents)
    .use(taskLists)
    .use(emoji, table)
    .use(imageSizes)
    .use(quoteMarks)
    .use(annotate);
  // As GFM has it: what has no scheme is a link only when it begins with www. or is an address of mail.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: true });
  // Notes are numbered over the whole document, by `numbering.ts`.
  parser.core.ruler.disable("footnote_tail");
  return parser;
}

/** Reads what stands inside of the blocks in `tokens`. */
export type InlineReader = (source: string, env: Env, tokens: Token[]) => Token[];

/** The rules that follow when blocks have been read. */
export function inlineReader(parser: Parser): InlineReader {
  parser.core.ruler.disable(["normalize", "block"]);
  const rules = [...parser.core.ruler.getRules("")];
  parser.core.ruler.enable(["normalize", "block"]);
  return (source, env, tokens) => {
    const state = new parser.core.State(source, parser, env);
    state.tokens = tokens;
    for (const rule of rules) rule(state);
    return state.tokens;
  };
}
