/** A document as a file of Word, made from its rendering. */

import type * as Word from "../vendor/word";
import { drawn, pictureOf } from "./pictures";
import { renderForExport } from "./rendering";
import { CODE_BLOCK_STYLE, CODE_STYLE, QUOTE_STYLE, footnotesOf, WordBlocks, type WordPicture } from "./wordblocks";

const MAX_WIDTH_PX = 600;
const MAX_HEIGHT_PX = 800;
const EMBEDDED: Readonly<Record<string, WordPicture["type"]>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
};

export async function wordFile(text: string, title: string): Promise<Blob> {
  const word = await import("../vendor/word");
  const article = await renderForExport(text);
  const pictures = await picturesOf(article);
  const notes = footnotesOf(article);
  const blocks = new WordBlocks(word, pictures, notes.numbers);
  const children = blocks.of(article);
  const footnotes = Object.fromEntries(
    notes.items.map((item, index) => [index + 1, { children: paragraphs(word, blocks.of(item)) }]),
  );
  const file = new word.Document({
    title,
    creator: "Quire",
    styles: STYLES,
    numbering: { config: blocks.numbering() },
    footnotes,
    sections: [{ children }],
  });
  return word.Packer.toBlob(file);
}

/** Footnotes of Word hold paragraphs alone. */
const paragraphs = (word: typeof Word, blocks: readonly Word.FileChild[]): Word.Paragraph[] =>
  blocks.filter((block) => block instanceof word.Paragraph);

async function picturesOf(article: HTMLElement): Promise<ReadonlyMap<HTMLImageElement, WordPicture>> {
  const found = new Map<HTMLImageElement, WordPicture>();
  for (const image of article.querySelectorAll("img")) {
    image.loading = "eager";
    const picture = await pictureOf(image);
    if (picture === null) continue;
    const type = EMBEDDED[picture.type];
    const embedded = type === undefined ? await drawn(image) : picture;
    if (embedded === null) continue;
    await image.decode().catch(() => undefined);
    const [width, height] = [image.naturalWidth || 300, image.naturalHeight || 150];
    const scale = Math.min(1, MAX_WIDTH_PX / width, MAX_HEIGHT_PX / height);
    found.set(image, {
      type: type ?? "png",
      data: new Uint8Array(await embedded.arrayBuffer()),
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
    });
  }
  return found;
}

const STYLES: Word.IStylesOptions = {
  default: {
    document: { run: { font: "Calibri", size: 22 }, paragraph: { spacing: { after: 120, line: 276 } } },
    heading1: { run: { size: 36, bold: true }, paragraph: { spacing: { before: 240, after: 120 }, keepNext: true } },
    heading2: { run: { size: 30, bold: true }, paragraph: { spacing: { before: 240, after: 120 }, keepNext: true } },
    heading3: { run: { size: 26, bold: true }, paragraph: { spacing: { before: 200, after: 100 }, keepNext: true } },
    heading4: { run: { size: 24, bold: true }, paragraph: { spacing: { before: 160, after: 80 }, keepNext: true } },
  },
  paragraphStyles: [
    {
      id: CODE_BLOCK_STYLE,
      name: "Source Code",
      basedOn: "Normal",
      run: { font: "Consolas", size: 20 },
      paragraph: { shading: { type: "clear", fill: "F2F3F5" } },
    },
    {
      id: QUOTE_STYLE,
      name: "Block Text",
      basedOn: "Normal",
      run: { color: "555555" },
      paragraph: { border: { left: { style: "single", size: 12, color: "BBBBBB", space: 8 } } },
    },
  ],
  characterStyles: [{ id: CODE_STYLE, name: "Verbatim Char", run: { font: "Consolas", size: 20 } }],
};
