/** One top-level block of a document: what it defines, uses, and becomes. Pure. */

import type { Env, Parser, Token } from "../vendor/markdown";
import { findHeadings, type FoundHeading, type Heading } from "./outline";
import type { InlineReader } from "./parser";
import type { Block } from "./patch";
import type { Piece } from "./pieces";
import { openEnds } from "./rawhtml";
import { tocHtml } from "./toc";

/** What a block defines for the whole document; null if nothing. */
export interface Definitions {
  readonly references: Readonly<Record<string, { readonly href: string; readonly title: string }>>;
  /** Labels of footnotes. */
  readonly notes: readonly string[];
  readonly abbreviations: Readonly<Record<string, string>>;
}

/** A footnote that a block refers to: by label, or written in place. */
export interface NoteUse {
  readonly label: string | null;
  readonly count: number;
}

/** What the rest of the document decides about a block. */
export interface Context {
  readonly ids: readonly string[];
  /** For each footnote used: its number, and how often it was referred to before. */
  readonly notes: readonly { readonly number: number; readonly before: number }[];
  /** Where the block has a table of contents: all headings. */
  readonly outline: readonly Heading[] | null;
}

export const NO_CONTEXT: Context = { ids: [], notes: [], outline: null };

export class Segment {
  block: Block;
  /** What is left open or closed for other blocks: see `rawhtml.ts`. */
  ends: readonly string[] = [];
  headings: readonly FoundHeading[] = [];
  notes: readonly NoteUse[] = [];
  hasToc = false;
  /** Footnotes that are written here, by label; `null` stands for those written in place. */
  bodies: readonly { readonly label: string | null; readonly html: string }[] = [];
  readonly definitions: Definitions | null;

  private raw = false;
  private tokens: Token[] | null;
  private rendered: string | null = null;

  readonly source: string;

  constructor(id: number, piece: Piece) {
    this.source = piece.source;
    this.block = { id, html: "", lines: piece.lines, raw: false };
    this.tokens = piece.tokens;
    this.definitions = definitionsIn(piece.env);
  }

  /** It must be rendered again, since a definition that it may use has changed. */
  invalidate(): void {
    this.rendered = null;
  }

  get needsReading(): boolean {
    return this.rendered === null;
  }

  /** Read the inline content, which tells what is used. */
  read(parser: Parser, readInline: InlineReader, env: Env): void {
    const tokens = this.tokens ?? blockTokens(parser, this.source);
    this.tokens = readInline(this.source, env, tokens);
    this.headings = findHeadings(this.tokens);
    this.notes = noteUses(env);
    attachBodies(this.tokens, env);
    this.hasToc = this.tokens.some(({ type }) => type === "toc");
    const html = this.tokens.filter(({ type }) => type === "html_block");
    this.ends = html.length === 0 ? [] : openEnds(html.map(({ content }) => content).join(""));
    this.raw = html.length > 0 || this.tokens.some(({ children }) => children?.some(({ type }) => type === "html_inline") ?? false);
    this.rendered = null;
  }

  /** Render unless it has been, in the same context; true if it has been now. */
  render(parser: Parser, context: Context, readAgain: () => void): boolean {
    const key = context === NO_CONTEXT ? "" : JSON.stringify(context);
    if (this.rendered === key) return false;
    if (this.tokens === null) readAgain();
    const tokens = this.tokens ?? [];
    number(tokens, context);
    const { rest, bodies } = withoutBodies(tokens);
    const { renderer, options, utils } = parser;
    const env: Env = { toc: context.outline === null ? "" : tocHtml(context.outline, utils.escapeHtml) };
    this.block = { ...this.block, html: renderer.render(rest, options, env), raw: this.raw };
    this.bodies = [
      ...bodies.map(({ label, tokens: body }) => ({ label, html: renderer.render(body, options, env) })),
      ...inPlace(tokens).map((body) => ({ label: null, html: `<p dir="auto">${renderer.renderInline(body, options, env)}</p>\n` })),
    ];
    this.rendered = key;
    this.tokens = null;
    return true;
  }
}

function blockTokens(parser: Parser, source: string): Token[] {
  const tokens: Token[] = [];
  parser.block.parse(source, parser, {}, tokens);
  return tokens;
}

interface NotesEnv {
  readonly refs?: Readonly<Record<string, number>>;
  readonly list?: readonly { readonly label?: string; readonly count?: number; readonly tokens?: Token[] }[];
}

const notesOf = (env: Env): NotesEnv => (env["footnotes"] ?? {}) as NotesEnv;

const noteUses = (env: Env): NoteUse[] =>
  (notesOf(env).list ?? []).map(({ label, count = 1, tokens }) => ({ label: tokens === undefined ? (label ?? null) : null, count }));

function definitionsIn(env: Env): Definitions | null {
  const notes = Object.keys(notesOf(env).refs ?? {}).map((key) => key.slice(1));
  const abbreviations = (env["abbreviations"] ?? {}) as Readonly<Record<string, string>>;
  const references = env.references ?? {};
  const none = notes.length === 0 && Object.keys(references).length === 0 && Object.keys(abbreviations).length === 0;
  return none ? null : { references, notes, abbreviations };
}

function number(tokens: readonly Token[], context: Context): void {
  let heading = 0;
  for (const token of tokens) {
    if (token.type === "heading_open") token.attrSet("id", context.ids[heading++] ?? "");
    for (const child of token.children ?? []) {
      if (child.type !== "footnote_ref") continue;
      const note = context.notes[Number(child.meta?.["id"])];
      if (note !== undefined) child.meta = { ...child.meta, number: note.number, occurrence: note.before + Number(child.meta?.["subId"] ?? 0) };
    }
  }
}

/** Footnotes stand at the end of the document, not where they are written. */
function withoutBodies(tokens: readonly Token[]): { rest: Token[]; bodies: { label: string; tokens: Token[] }[] } {
  const rest: Token[] = [];
  const bodies: { label: string; tokens: Token[] }[] = [];
  const open: { label: string; tokens: Token[] }[] = [];
  for (const token of tokens) {
    if (token.type === "footnote_reference_open") {
      const body = { label: String(token.meta?.["label"]), tokens: [] };
      open.push(body);
      bodies.push(body);
    } else if (token.type === "footnote_reference_close") open.pop();
    else (open[open.length - 1]?.tokens ?? rest).push(token);
  }
  return { rest, bodies };
}

function attachBodies(tokens: readonly Token[], env: Env): void {
  const { list = [] } = notesOf(env);
  for (const token of tokens) {
    for (const child of token.children ?? []) {
      const body = child.type === "footnote_ref" ? list[Number(child.meta?.["id"])]?.tokens : undefined;
      if (body !== undefined) child.meta = { ...child.meta, body };
    }
  }
}

/** The content of footnotes that are written in place, in their order. */
const inPlace = (tokens: readonly Token[]): Token[][] =>
  tokens.flatMap(({ children }) => (children ?? []).flatMap(({ meta }) => (Array.isArray(meta?.["body"]) ? [meta["body"] as Token[]] : [])));
