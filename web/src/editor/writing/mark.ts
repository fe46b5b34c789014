/**
 * Marks around words: bold, italic, strike, code. Pure.
 *
 * What is marked is read from the characters beside the selection, as a parse of a long text may not
 * have come so far; only a mark around more than that is found by the parse.
 */

import { EditorSelection, type EditorState, type SelectionRange } from "../../vendor/codemirror";
import { enclosing, type Enclosing } from "./enclosing";
import { rewriteRanges, type RangeRewrite, type Rewrite, type TextChange } from "./rewrite";

export type Mark = "bold" | "italic" | "strike" | "code";

const SIGN: Readonly<Record<Mark, { readonly char: string; readonly length: number }>> = {
  bold: { char: "*", length: 2 },
  italic: { char: "*", length: 1 },
  strike: { char: "~", length: 2 },
  code: { char: "`", length: 1 },
};

/** Put the mark around each selection or the word at the caret, or take it away where it is. */
export const toggleMark =
  (mark: Mark): Rewrite =>
  (state) =>
    rewriteRanges(state, (range) => toggled(state, range, mark));

function toggled(state: EditorState, range: SelectionRange, mark: Mark): RangeRewrite {
  const pieces = piecesOf(state, range);
  if (pieces.length === 0) {
    const around = enclosing(state, range.from, range.to, mark);
    return around === null ? insertPair(state, range.from, mark) : takenOut(state, range, around);
  }
  const wraps = pieces.map((piece) => innermost(state, piece));
  const all = wraps.every((piece) => isMarked(state, piece, mark));
  const around = all ? null : enclosing(state, range.from, range.to, mark);
  if (around !== null) return takenOut(state, range, around);
  const changes = wraps.flatMap((piece) => (all ? unwrap(state, piece, mark) : wrap(state, piece, mark)));
  return { changes, range: carried(state, range, wraps, changes) };
}

/** More lines than this are not asked whether they are marked. */
const MAX_LINES_ASKED = 100;

/** Whether what is selected, or the word at the caret, has the mark. */
export const hasMark =
  (mark: Mark) =>
  (state: EditorState): boolean => {
    const range = state.selection.main;
    if (state.doc.lineAt(range.to).number - state.doc.lineAt(range.from).number > MAX_LINES_ASKED) return false;
    if (enclosing(state, range.from, range.to, mark) !== null) return true;
    const pieces = piecesOf(state, range).map((piece) => innermost(state, piece));
    if (pieces.length === 0) return isMarked(state, { from: range.from, to: range.to }, mark);
    return pieces.every((piece) => isMarked(state, piece, mark));
  };

/** A caret takes the mark from all that has it; a selection leaves it to what stands before and behind. */
function takenOut(state: EditorState, range: SelectionRange, { from, to, inner }: Enclosing): RangeRewrite {
  const open = state.sliceDoc(from, inner.from);
  const close = state.sliceDoc(inner.to, to);
  const before = range.empty ? "" : state.sliceDoc(inner.from, range.from).trimEnd();
  const behind = range.empty ? "" : state.sliceDoc(range.to, inner.to).trimStart();
  const changes: TextChange[] = [
    before === "" ? { from, to: inner.from } : { from: inner.from + before.length, insert: close },
    behind === "" ? { from: inner.to, to } : { from: inner.to - behind.length, insert: open },
  ];
  const set = state.changes(changes);
  const [start, end] = [set.mapPos(range.from, 1), set.mapPos(range.to, range.empty ? 1 : -1)];
  const isForward = range.anchor <= range.head;
  return { changes, range: isForward ? EditorSelection.range(start, end) : EditorSelection.range(end, start) };
}

/** A caret stays where it is in its word; a selection holds the marked text without its marks. */
function carried(
  state: EditorState,
  range: SelectionRange,
  pieces: readonly Piece[],
  changes: readonly TextChange[],
): SelectionRange {
  const set = state.changes([...changes]);
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (range.empty || first === undefined || last === undefined) {
    // Behind the opening sign, and in front of the closing one.
    return EditorSelection.cursor(set.mapPos(range.head, range.head === last?.to ? -1 : 1));
  }
  const from = set.mapPos(first.from, 1);
  const to = set.mapPos(last.to, -1);
  return range.anchor <= range.head ? EditorSelection.range(from, to) : EditorSelection.range(to, from);
}

interface Piece {
  readonly from: number;
  readonly to: number;
}

/** In a longer line no word is looked for: each look reads all of the line, and the toolbar looks often. */
const MAX_LINE_UNITS = 20_000;

/** The parts of a selection that can be marked: no line breaks, no markup at a line's start, no blanks. */
function piecesOf(state: EditorState, range: SelectionRange): Piece[] {
  if (range.empty) {
    const isLong = state.doc.lineAt(range.head).length > MAX_LINE_UNITS;
    const word = isLong ? null : state.wordAt(range.head);
    if (word !== null) return [{ from: word.from, to: word.to }];
    return [];
  }
  const pieces: Piece[] = [];
  for (let at = range.from; at <= range.to; ) {
    const line = state.doc.lineAt(at);
    const start = Math.max(range.from, line.from + prefixLength(line.text));
    const end = Math.min(range.to, line.to);
    if (start < end) {
      const text = state.sliceDoc(start, end);
      const from = start + (text.length - text.trimStart().length);
      const to = end - (text.length - text.trimEnd().length);
      if (from < to) pieces.push({ from, to });
    }
    at = line.to + 1;
  }
  return pieces;
}

/** How much at the start of a line is markup of its block: quote signs, list marks, heading signs. */
function prefixLength(line: string): number {
  return /^(?:\s*>)*\s*(?:(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?|#{1,6}\s+)?/.exec(line)?.[0].length ?? 0;
}

const MARKS_AT_START = /^[*~_`]+/;
const MARKS_AT_END = /[*~_`]+$/;

/** The piece without marks at its own ends, be both of a pair selected (`**word**`) or one of them. */
function innermost(state: EditorState, piece: Piece): Piece {
  const text = state.sliceDoc(piece.from, piece.to);
  const lead = MARKS_AT_START.exec(text)?.[0].length ?? 0;
  const tail = MARKS_AT_END.exec(text)?.[0].length ?? 0;
  if (lead + tail === 0 || lead + tail >= text.length) return piece;
  const [before, after] = signsBeside(state, piece);
  if (before.length + lead !== tail + after.length) return piece;
  return { from: piece.from + lead, to: piece.to - tail };
}

/** The signs of any mark beside the piece, nearest first: `~~**` in front of it gives `**~~`. */
function signsBeside(state: EditorState, { from, to }: Piece): readonly [string, string] {
  const lineStart = state.doc.lineAt(from).from;
  const lineEnd = state.doc.lineAt(to).to;
  const before = /[*~_`]*$/.exec(state.sliceDoc(Math.max(lineStart, from - 12), from))?.[0] ?? "";
  const after = /^[*~_`]*/.exec(state.sliceDoc(to, Math.min(lineEnd, to + 12)))?.[0] ?? "";
  return [[...before].reverse().join(""), after];
}

/** How many of the mark's characters stand on both sides, other marks being skipped. */
function depth(state: EditorState, piece: Piece, char: string): number {
  const [before, after] = signsBeside(state, piece);
  const count = (signs: string): number => signs.split(char).length - 1;
  return Math.min(count(before), count(after));
}

function isMarked(state: EditorState, piece: Piece, mark: Mark): boolean {
  const { char, length } = SIGN[mark];
  const found = depth(state, piece, char);
  if (mark === "italic") return found % 2 === 1;
  return found >= length;
}

/** Take the nearest signs of this mark away, on each side; those of other marks stay. */
function unwrap(state: EditorState, piece: Piece, mark: Mark): TextChange[] {
  const { char } = SIGN[mark];
  const [before, after] = signsBeside(state, piece);
  const length = mark === "code" ? runLength(before, char) : SIGN[mark].length;
  const [start, end] = [before.indexOf(char), after.indexOf(char)];
  return [
    { from: piece.from - start - length, to: piece.from - start },
    { from: piece.to + end, to: piece.to + end + length },
  ];
}

const runLength = (signs: string, char: string): number => {
  const rest = signs.slice(signs.indexOf(char));
  return rest.length - rest.replace(/^`+/, "").length;
};

function wrap(state: EditorState, piece: Piece, mark: Mark): TextChange[] {
  if (isMarked(state, piece, mark)) return [];
  const { char, length } = SIGN[mark];
  const sign = mark === "code" ? codeSign(state.sliceDoc(piece.from, piece.to)) : char.repeat(length);
  return [
    { from: piece.from, insert: sign },
    { from: piece.to, insert: sign },
  ];
}

/** One backtick more than the longest run inside. */
function codeSign(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  return "`".repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
}

/** A pair of signs with the caret between them; a pair that is there already and empty goes. */
function insertPair(state: EditorState, at: number, mark: Mark): RangeRewrite {
  const { char, length } = SIGN[mark];
  const sign = char.repeat(length);
  const around = state.sliceDoc(Math.max(0, at - length), at + length);
  if (around === sign + sign && depth(state, { from: at, to: at }, char) === length) {
    return { changes: [{ from: at - length, to: at + length }], range: EditorSelection.cursor(at - length) };
  }
  return { changes: [{ from: at, insert: sign + sign }], range: EditorSelection.cursor(at + length) };
}
