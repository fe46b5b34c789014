/**
 * A document as rendered blocks, kept up to date with its text: an edit costs the blocks that it
 * touches, and those whose numbers, links or table of contents it changes. Pure; what comes out is not
 * safe to insert, `sanitise.ts` comes last.
 */

import type { Parser } from "../vendor/markdown";
import type { EmojiTable } from "./emoji";
import { frontMatter, matterHtml, matterRows, matterValue, type MatterRow } from "./frontmatter";
import { Globals } from "./globals";
import { Numbering } from "./numbering";
import { normalized, type Heading } from "./outline";
import { createParser, inlineReader, type InlineReader } from "./parser";
import { patches, spliceAll, type Block, type Patch } from "./patch";
import { readPieces } from "./pieces";
import { spans } from "./rawhtml";
import { Segment, type Context } from "./segment";

export interface Update {
  readonly patches: readonly Patch[];
  /** All headings, or null if they are as before. */
  readonly headings: readonly Heading[] | null;
  readonly matter: readonly MatterRow[];
}

const MATTER_ID = -1;
const NOTES_ID = -2;

export class Markup {
  private readonly parser: Parser;
  private readonly readInline: InlineReader;
  private readonly globals = new Globals();
  private text = "";
  private matter = "";
  private segments: Segment[] = [];
  private blocks: Block[] = [];
  private outline: readonly Heading[] = [];
  private lastId = 0;
  private emoji: EmojiTable = {};

  constructor() {
    this.parser = createParser(() => this.emoji);
    this.readInline = inlineReader(this.parser);
  }

  /** Know names of emoji from now on. Returns what that changes. */
  learn(emoji: EmojiTable): Update {
    this.emoji = emoji;
    for (const segment of this.segments) if (segment.source.includes(":")) segment.invalidate();
    return this.settle();
  }

  /** Render `source` in place of what was there before. */
  update(source: string): Update {
    const text = normalized(source);
    const matter = frontMatter(text);
    const rows = matterRows(matter);
    this.parser.set({ breaks: matterValue(rows, "breaks") === "true" });
    if (matterValue(matterRows(this.matter), "breaks") !== matterValue(rows, "breaks")) {
      for (const segment of this.segments) segment.invalidate();
    }
    const body = text.slice(matter.length);
    const changesDefinitions = this.reread(this.text, body);
    this.text = body;
    this.matter = matter;
    if (changesDefinitions) {
      const isConcerned = this.globals.gather(this.segments);
      for (const segment of this.segments) if (isConcerned(segment)) segment.invalidate();
    }
    return this.settle();
  }

  /** Read the blocks that differ; returns whether definitions came or went with them. */
  private reread(before: string, after: string): boolean {
    if (before === after) return false;
    const { segments } = this;
    const shorter = Math.min(before.length, after.length);
    let same = 0;
    while (same < shorter && before.charCodeAt(same) === after.charCodeAt(same)) same++;
    let sameEnd = 0;
    while (sameEnd < shorter - same && before.charCodeAt(before.length - 1 - sameEnd) === after.charCodeAt(after.length - 1 - sameEnd)) sameEnd++;
    const { index, offset } = this.startOfReading(same);
    const shift = after.length - before.length;
    const known = new Map<number, number>();
    let at = offset;
    for (let segment = index; segment < segments.length; segment++) {
      if (at >= before.length - sameEnd && segment > index) known.set(at + shift, segment);
      at += segments[segment]?.source.length ?? 0;
    }
    let end = segments.length;
    const pieces = readPieces(this.parser, after, offset, (place) => {
      const found = known.get(place);
      if (found !== undefined) end = found;
      return found !== undefined;
    });
    const removed = segments.slice(index, end);
    const { start, end: tail } = commonEnds(removed, pieces);
    const gone = removed.slice(start, removed.length - tail);
    const come = pieces.slice(start, pieces.length - tail).map((piece) => new Segment(++this.lastId, piece));
    spliceAll(segments, index + start, gone.length, come);
    return [...gone, ...come].some(({ definitions }) => definitions !== null);
  }

  /**
   * Where reading must begin when the text differs from `at` on. How a block ends is decided by what
   * follows up to the next blank line, or by the first line after that.
   */
  private startOfReading(at: number): { index: number; offset: number } {
    const { segments } = this;
    let index = 0;
    let offset = 0;
    while (index < segments.length - 1 && offset + (segments[index]?.source.length ?? 0) <= at) {
      offset += segments[index]?.source.length ?? 0;
      index++;
    }
    const stepBack = (): void => {
      index--;
      offset -= segments[index]?.source.length ?? 0;
    };
    while (index > 0 && !/\n[ \t]*\n$/.test(segments[index - 1]?.source.slice(-200) ?? "")) stepBack();
    if (index > 0) stepBack();
    return { index, offset };
  }

  /** Read and render what is not up to date, and compare. */
  private settle(): Update {
    const numbering = this.render();
    const blocks = this.grouped();
    if (this.matter !== "") {
      const lines = this.matter.split("\n").length - 1;
      blocks.unshift({ id: MATTER_ID, html: matterHtml(this.matter, this.parser.utils.escapeHtml), lines, raw: false });
    }
    const notes = numbering.notesHtml(this.segments);
    if (notes !== "") blocks.push({ id: NOTES_ID, html: notes, lines: 0, raw: false });
    const changes = patches(this.blocks, blocks);
    const headings = sameOutline(this.outline, numbering.headings) ? null : numbering.headings;
    this.blocks = blocks;
    this.outline = numbering.headings;
    return { patches: changes, headings, matter: matterRows(this.matter) };
  }

  private render(): Numbering {
    const numbering = new Numbering();
    const withToc: { segment: Segment; context: Context }[] = [];
    let line = this.matter.split("\n").length - 1;
    for (const segment of this.segments) {
      if (segment.needsReading) this.read(segment);
      const context = numbering.take(segment, line);
      if (segment.hasToc) withToc.push({ segment, context });
      else segment.render(this.parser, context, () => this.read(segment));
      line += segment.block.lines;
    }
    for (const { segment, context } of withToc) {
      segment.render(this.parser, { ...context, outline: numbering.headings }, () => this.read(segment));
    }
    return numbering;
  }

  private read(segment: Segment): void {
    segment.read(this.parser, this.readInline, this.globals.envFor(segment.source));
  }

  /** Blocks that HTML of the author's holds together become one. */
  private grouped(): Block[] {
    const { segments } = this;
    if (!segments.some(({ ends }) => ends.length > 0)) return segments.map(({ block }) => block);
    const more = spans(segments.map(({ ends }) => ends));
    const blocks: Block[] = [];
    for (let index = 0; index < segments.length; index++) {
      const first = segments[index];
      if (first === undefined) continue;
      const count = more.get(index) ?? 0;
      if (count === 0) {
        blocks.push(first.block);
        continue;
      }
      let lines = 0;
      let html = "";
      for (const segment of segments.slice(index, index + count + 1)) {
        html += withLines(segment.block.html, lines);
        lines += segment.block.lines;
      }
      blocks.push({ id: first.block.id, html, lines, raw: true });
      index += count;
    }
    return blocks;
  }
}

/** How many at the start and at the end have the same source. */
function commonEnds(one: readonly { source: string }[], other: readonly { source: string }[]): { start: number; end: number } {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start]?.source === other[start]?.source) start++;
  let end = 0;
  while (end < shorter - start && one[one.length - 1 - end]?.source === other[other.length - 1 - end]?.source) end++;
  return { start, end };
}

const withLines = (html: string, lines: number): string =>
  lines === 0 ? html : html.replace(/ data-line="(\d+)"/g, (_, line: string) => ` data-line="${Number(line) + lines}"`);

const sameOutline = (one: readonly Heading[], other: readonly Heading[]): boolean =>
  one.length === other.length &&
  one.every(({ level, text, line, id }, index) => {
    const heading = other[index];
    return heading?.id === id && heading.line === line && heading.level === level && heading.text === text;
  });

/** All blocks of `source`, without a history. */
export function renderBlocks(source: string, emoji: EmojiTable = {}): readonly Block[] {
  const markup = new Markup();
  markup.learn(emoji);
  return markup.update(source).patches.flatMap(({ inserted }) => inserted);
}
