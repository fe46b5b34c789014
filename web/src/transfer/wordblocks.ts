/** Rendered blocks as paragraphs and tables of Word. */

import type * as Word from "../vendor/word";

export interface WordPicture {
  readonly type: "png" | "jpg" | "gif";
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Footnotes {
  /** By the address of a reference (`#fn1`), the number of its note. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly items: readonly HTMLElement[];
}

/** What a paragraph has from the blocks that it is in. */
interface Around {
  readonly quotes: number;
  readonly list: { readonly reference: string; readonly level: number; readonly instance: number } | null;
  /** The sign of the item is at an earlier paragraph of it. */
  readonly continues: boolean;
}

interface Style {
  readonly bold?: boolean;
  readonly italics?: boolean;
  readonly strike?: boolean;
  readonly underline?: Record<string, never>;
  readonly subScript?: boolean;
  readonly superScript?: boolean;
  readonly highlight?: "yellow";
  readonly font?: string;
  readonly style?: string;
}

const OUTSIDE: Around = { quotes: 0, list: null, continues: false };
const MAX_LEVEL = 8;
const STEP = 360;
/** The styles of code and quotes, by the names that pandoc gives them. */
export const CODE_STYLE = "VerbatimChar";
export const CODE_BLOCK_STYLE = "SourceCode";
export const QUOTE_STYLE = "BlockText";
const STYLES: Readonly<Record<string, Style>> = {
  B: { bold: true },
  STRONG: { bold: true },
  I: { italics: true },
  EM: { italics: true },
  CITE: { italics: true },
  S: { strike: true },
  DEL: { strike: true },
  U: { underline: {} },
  INS: { underline: {} },
  MARK: { highlight: "yellow" },
  SUB: { subScript: true },
  SUP: { superScript: true },
  CODE: { style: CODE_STYLE },
  KBD: { style: CODE_STYLE },
  SAMP: { style: CODE_STYLE },
};
const BLOCKS = "ADDRESS,ARTICLE,ASIDE,BLOCKQUOTE,DD,DETAILS,DIV,DL,DT,FIGCAPTION,FIGURE,H1,H2,H3,H4,H5,H6,HR,LI,MAIN,NAV,OL,P,PRE,SECTION,SUMMARY,TABLE,UL".split(",");

/** Take the footnotes out of `article`: Word has its own place for them. */
export function footnotesOf(article: HTMLElement): Footnotes {
  const numbers = new Map<string, number>();
  const items = [...article.querySelectorAll<HTMLElement>(".footnotes li")];
  for (const [index, item] of items.entries()) {
    for (const back of item.querySelectorAll(".footnote-backref")) back.remove();
    numbers.set(`#${item.id.replace(/^user-content-/, "")}`, index + 1);
  }
  for (const section of article.querySelectorAll(".footnotes, .footnotes-sep")) section.remove();
  return { numbers, items };
}

export class WordBlocks {
  /** The lists of the document: where each begins to count, or null without numbers. */
  private readonly lists: (number | null)[] = [];

  constructor(
    private readonly word: typeof Word,
    private readonly pictures: ReadonlyMap<HTMLImageElement, WordPicture>,
    private readonly footnotes: ReadonlyMap<string, number>,
  ) {}

  of(parent: Element): Word.FileChild[] {
    return this.children(parent, OUTSIDE);
  }

  /** The kinds of lists that the blocks refer to, once all of them are made. */
  numbering(): { reference: string; levels: Word.ILevelsOptions[] }[] {
    const { AlignmentType, LevelFormat } = this.word;
    return this.lists.map((start, index) => ({
      reference: referenceOf(index),
      levels: Array.from({ length: MAX_LEVEL + 1 }, (_, level) => ({
        level,
        ...(start === null ? {} : { start }),
        format: start === null ? LevelFormat.BULLET : LevelFormat.DECIMAL,
        text: start === null ? ("•◦▪".charAt(level % 3)) : `%${level + 1}.`,
        alignment: AlignmentType.LEFT,
        style: { paragraph: { indent: { left: STEP * (level + 1), hanging: STEP } } },
      })),
    }));
  }

  private children(parent: Element, around: Around): Word.FileChild[] {
    const found: Word.FileChild[] = [];
    let line: Node[] = [];
    let here = around;
    const flush = (): void => {
      if (line.some((node) => (node.textContent ?? "").trim() !== "" || holdsObject(node))) {
        found.push(this.paragraph(line, here));
        here = { ...here, continues: true };
      }
      line = [];
    };
    for (const node of parent.childNodes) {
      if (node instanceof Element && isBlock(node)) {
        flush();
        found.push(...this.block(node, here));
        here = { ...here, continues: true };
      } else line.push(node);
    }
    flush();
    return found;
  }

  private block(element: Element, around: Around): Word.FileChild[] {
    const { HeadingLevel } = this.word;
    switch (element.tagName) {
      case "H1":
      case "H2":
      case "H3":
      case "H4":
      case "H5":
      case "H6": {
        const level = `HEADING_${element.tagName.charAt(1)}` as keyof typeof HeadingLevel;
        return [this.paragraph([...element.childNodes], around, { heading: HeadingLevel[level] })];
      }
      case "P":
      case "SUMMARY":
      case "FIGCAPTION":
      case "DT":
        return [...element.children].some(isBlock) ? this.children(element, around) : [this.paragraph([...element.childNodes], around)];
      case "HR":
        return [this.paragraph([], around, { border: { bottom: { style: "single", size: 6, color: "AAAAAA", space: 1 } } })];
      case "PRE":
        return [this.code(element, around)];
      case "BLOCKQUOTE":
      case "DD":
        return this.children(element, { ...around, quotes: around.quotes + 1 });
      case "UL":
      case "OL":
        return this.list(element, around);
      case "TABLE":
        return [this.table(element), this.paragraph([], OUTSIDE)];
      default:
        return this.children(element, around);
    }
  }

  private list(element: Element, around: Around): Word.FileChild[] {
    const start = element.tagName === "OL" ? Math.max(0, Number(element.getAttribute("start") ?? 1) || 1) : null;
    this.lists.push(start);
    const reference = referenceOf(this.lists.length - 1);
    const level = Math.min(MAX_LEVEL, around.list === null ? 0 : around.list.level + 1);
    return [...element.children].flatMap((item) =>
      item.tagName === "LI"
        ? this.children(item, { ...around, list: { reference, level, instance: this.lists.length }, continues: false })
        : this.block(item, around),
    );
  }

  private code(element: Element, around: Around): Word.Paragraph {
    const { TextRun } = this.word;
    const lines = (element.textContent ?? "").replace(/\n$/, "").split("\n");
    const runs = lines.map((text, index) => new TextRun({ text, ...(index > 0 ? { break: 1 } : {}) }));
    return this.lined(runs, around, { style: CODE_BLOCK_STYLE, keepLines: true });
  }

  private table(element: Element): Word.Table {
    const { Table, TableCell, TableRow, WidthType } = this.word;
    const rows = [...element.querySelectorAll("tr")].filter((row) => row.closest("table") === element);
    return new Table({
      width: { size: 100, type: WidthType.PERCENTAGE },
      rows: rows.map((row) => {
        const cells = [...row.children].filter(({ tagName }) => tagName === "TD" || tagName === "TH");
        const isHead = cells.length > 0 && cells.every(({ tagName }) => tagName === "TH");
        return new TableRow({
          cantSplit: true,
          tableHeader: isHead,
          children: cells.map(
            (cell) =>
              new TableCell({
                columnSpan: spanOf(cell, "colspan"),
                rowSpan: spanOf(cell, "rowspan"),
                children: [this.paragraph([...cell.childNodes], OUTSIDE, { alignment: alignmentOf(cell) }, isHead ? { bold: true } : {})],
              }),
          ),
        });
      }),
    });
  }

  private paragraph(nodes: readonly Node[], around: Around, more: Word.IParagraphOptions = {}, style: Style = {}): Word.Paragraph {
    return this.lined(trimmed(nodes.flatMap((node) => this.inline(node, style))).map(({ make }) => make()), around, more);
  }

  private lined(children: Word.ParagraphChild[], around: Around, more: Word.IParagraphOptions): Word.Paragraph {
    const { list, quotes, continues } = around;
    const left = STEP * (quotes + (list === null ? 0 : list.level + 1));
    return new this.word.Paragraph({
      children,
      ...(list !== null && !continues ? { numbering: list } : left > 0 ? { indent: { left } } : {}),
      ...(quotes > 0 ? { style: QUOTE_STYLE } : {}),
      ...more,
    });
  }

  private inline(node: Node, style: Style): Piece[] {
    const { TextRun, ExternalHyperlink, FootnoteReferenceRun, CheckBox, ImageRun } = this.word;
    if (node instanceof Text) return textPieces(node.data, (text) => new TextRun({ text, ...style }));
    if (!(node instanceof Element)) return [];
    if (node instanceof HTMLImageElement) {
      const picture = this.pictures.get(node);
      if (picture === undefined) return textPieces(node.alt, (text) => new TextRun({ text, ...style }));
      const { type, data, width, height } = picture;
      const altText = { name: node.alt, description: node.alt, title: node.title };
      return [object(() => new ImageRun({ type, data, transformation: { width, height }, altText }))];
    }
    if (node.tagName === "BR") return [object(() => new TextRun({ break: 1 }))];
    if (node instanceof HTMLInputElement) {
      const { checked } = node;
      return [object(() => new CheckBox({ checked })), ...textPieces("\u00a0", (text) => new TextRun({ text }))];
    }
    const formula = node.classList.contains("katex") ? node.querySelector("annotation") : null;
    if (formula !== null) return textPieces(formula.textContent ?? "", (text) => new TextRun({ text, font: "Cambria Math", ...style }));
    const note = node.classList.contains("footnote-ref") ? this.noteOf(node) : undefined;
    if (note !== undefined) return [object(() => new FootnoteReferenceRun(note))];
    const inner = [...node.childNodes];
    const href = node instanceof HTMLAnchorElement ? node.href : "";
    if (/^(?:https?|mailto|tel|ftp):/.test(href) && !(node.getAttribute("href") ?? "").startsWith("#")) {
      const pieces = inner.flatMap((child) => this.inline(child, { ...style, style: "Hyperlink" }));
      return pieces.length === 0 ? [] : [object(() => new ExternalHyperlink({ link: href, children: pieces.map(({ make }) => make()) }))];
    }
    return inner.flatMap((child) => this.inline(child, { ...style, ...STYLES[node.tagName] }));
  }

  private noteOf(reference: Element): number | undefined {
    const href = reference.querySelector("a")?.getAttribute("href") ?? "";
    return this.footnotes.get(`#${href.replace(/^#(?:user-content-)?/, "")}`);
  }
}

const referenceOf = (index: number): string => `list-${index}`;

/** A quote with a colour stands in `<font>`. */
const isBlock = (element: Element): boolean =>
  BLOCKS.includes(element.tagName) || (element.tagName === "FONT" && [...element.children].some(isBlock));

const holdsObject = (node: Node): boolean =>
  node instanceof Element && (node.matches("img, input") || node.querySelector("img, input") !== null);

const spanOf = (cell: Element, name: string): number =>
  Math.min(100, Math.max(1, Number(cell.getAttribute(name) ?? 1) || 1));

function alignmentOf(cell: Element): "left" | "center" | "right" {
  for (const side of ["center", "right"] as const) {
    if (cell.getAttribute("align") === side || cell.classList.contains(`align-${side}`)) return side;
  }
  return "left";
}

/** A piece of a line: its text (null for what is no text), and what it becomes. */
interface Piece {
  readonly text: string | null;
  readonly make: () => Word.ParagraphChild;
  readonly of?: (text: string) => Word.ParagraphChild;
}

const object = (make: () => Word.ParagraphChild): Piece => ({ text: null, make });

/** White space as HTML shows it. */
function textPieces(raw: string, of: (text: string) => Word.ParagraphChild): Piece[] {
  const text = raw.replace(/[ \t\n\r]+/g, " ");
  return text === "" ? [] : [{ text, make: () => of(text), of }];
}

/** Without the blanks around a line. */
function trimmed(pieces: readonly Piece[]): Piece[] {
  const cut = (piece: Piece | undefined, how: (text: string) => string): Piece[] => {
    if (piece?.text == null || piece.of === undefined) return piece === undefined ? [] : [piece];
    const { of } = piece;
    const text = how(piece.text);
    return text === "" ? [] : [{ text, make: () => of(text), of }];
  };
  if (pieces.length === 0) return [];
  const whole = [...cut(pieces[0], (text) => text.replace(/^ +/, "")), ...pieces.slice(1)];
  return [...whole.slice(0, -1), ...cut(whole[whole.length - 1], (text) => text.replace(/ +$/, ""))];
}
