/**
 * Reads the top-level blocks of a text one after the other, from any of their starts. A block depends
 * on no text before it, so after an edit reading begins a little before it and ends where the next
 * block is an old one. Pure.
 */

import type { Env, Parser, StateBlock, Token } from "../vendor/markdown";

/** One top-level block, with the blank lines that follow it. */
export interface Piece {
  readonly source: string;
  /** How many lines of the text it covers. */
  readonly lines: number;
  /** Blocks without their inline content; lines count from the start of the piece. */
  readonly tokens: Token[];
  /** What it defines for the whole document, as the rules of the parser leave it. */
  readonly env: Env;
}

/** A text is read in windows of at least so many characters, since a window is scanned as a whole. */
const MIN_WINDOW_CHARS = 20_000;

/**
 * @param from where a block begins, or the start of the text
 * @param isKnown whether reading can end here, at the start of a block
 */
export function readPieces(parser: Parser, text: string, from: number, isKnown: (offset: number) => boolean): Piece[] {
  const pieces: Piece[] = [];
  let offset = from;
  let size = MIN_WINDOW_CHARS;
  while (offset < text.length && !isKnown(offset)) {
    const end = windowEnd(text, offset + size);
    const state = new parser.block.State(text.slice(offset, end), parser, {}, []);
    // To the parser, blanks without a line end are no line at all.
    if (state.lineMax === 0) return [...pieces, { source: text.slice(offset), lines: 1, tokens: [], env: {} }];
    const begun = offset;
    for (let line = 0; line < state.lineMax && !isKnown(offset); ) {
      const next = readBlock(parser, state, line);
      // What reaches the end of the window might go on behind it.
      if (next >= state.lineMax && end < text.length) break;
      const piece = cut(state, line, next);
      pieces.push(piece);
      offset += piece.source.length;
      line = next;
    }
    size = offset === begun ? 4 * size : MIN_WINDOW_CHARS;
  }
  return pieces;
}

/** After the line that `at` is in. */
function windowEnd(text: string, at: number): number {
  const newline = at >= text.length ? -1 : text.indexOf("\n", at);
  return newline < 0 ? text.length : newline + 1;
}

/** Reads the block at `line` or below it; returns the line after it and the blank ones that follow. */
function readBlock(parser: Parser, state: StateBlock, line: number): number {
  state.env = {};
  state.tokens = [];
  const start = state.skipEmptyLines(line);
  if (start >= state.lineMax) return state.lineMax;
  state.line = start;
  state.tight = true;
  for (const rule of parser.block.ruler.getRules("")) if (rule(state, start, state.lineMax, false)) break;
  return state.skipEmptyLines(state.line);
}

function cut(state: StateBlock, line: number, next: number): Piece {
  const { tokens, env, src } = state;
  if (line > 0) {
    const maps = new Set(tokens.flatMap(({ map }) => (map === null ? [] : [map])));
    for (const map of maps) {
      map[0] -= line;
      map[1] -= line;
    }
  }
  const end = next >= state.lineMax ? src.length : state.bMarks[next];
  return { source: src.slice(state.bMarks[line], end), lines: next - line, tokens, env };
}
