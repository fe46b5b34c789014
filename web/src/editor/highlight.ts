/** Markdown in the source pane, coloured by the design tokens. */

import {
  HighlightStyle,
  Language,
  markdownLanguage,
  parseCode,
  styleTags,
  tags,
  type MarkdownExtension,
  type MarkdownParser,
} from "../vendor/codemirror";
import { codeParser } from "./codelanguages";

/** HTML is coloured as a whole: what is inside a tag is not told apart. */
const htmlStyle = { props: [styleTags({ HTMLTag: tags.tagName, HTMLBlock: tags.meta })] };

/** From here on a line is a paragraph without markup in it: a paragraph is read whole at each edit, which shows. */
const MAX_LINE_UNITS = 20_000;

const longLines: MarkdownExtension = {
  parseBlock: [
    {
      name: "LongLine",
      before: "LinkReference",
      parse(context, line) {
        if (line.text.length <= MAX_LINE_UNITS) return false;
        const from = context.lineStart + line.pos;
        context.addElement(context.elt("Paragraph", from, context.lineStart + line.text.length));
        context.nextLine();
        return true;
      },
      endLeaf: (_context, line) => line.text.length > MAX_LINE_UNITS,
    },
  ],
};

// Of the same data as `markdownLanguage`, whose commands ask where it is active.
export const markdownSource = new Language(
  markdownLanguage.data,
  (markdownLanguage.parser as MarkdownParser).configure([htmlStyle, longLines, parseCode({ codeParser })]),
  [],
  "markdown",
);

export const markdownStyle = HighlightStyle.define([
  { tag: tags.heading1, fontWeight: "700", fontSize: "1.3em" },
  { tag: tags.heading2, fontWeight: "700", fontSize: "1.15em" },
  { tag: tags.heading, fontWeight: "700" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.link, color: "var(--color-accent)" },
  { tag: tags.url, color: "var(--color-accent)" },
  { tag: tags.monospace, color: "var(--color-code)" },
  { tag: tags.quote, color: "var(--color-muted)" },
  { tag: tags.processingInstruction, color: "var(--color-muted)" },
  { tag: tags.contentSeparator, color: "var(--color-muted)" },
  { tag: tags.meta, color: "var(--color-muted)" },
  { tag: [tags.keyword, tags.tagName, tags.atom], color: "var(--color-accent)" },
  { tag: [tags.string, tags.attributeValue], color: "var(--color-code)" },
  { tag: tags.comment, color: "var(--color-muted)" },
]);
