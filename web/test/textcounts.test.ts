import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../src/editor/place";
import { countText, isAlmostFull, isNearLimit } from "../src/page/textcounts";
import { EditorSelection, EditorState } from "../src/vendor/codemirror";

const textOf = (doc: string) => EditorState.create({ doc }).doc;
const words = (doc: string): number => countText(textOf(doc)).words;
const chars = (doc: string): number => countText(textOf(doc)).chars;

test("words are runs of letters and digits", () => {
  assert.equal(words(""), 0);
  assert.equal(words("one two  three\nfour"), 4);
  assert.equal(words("- [ ] **bold** `x1`, don’t"), 3);
  assert.equal(words("Grüße äpfel e\u0301tude"), 3);
  assert.equal(words("--- *** ==="), 0);
});

test("a sign of a script without spaces is a word", () => {
  assert.equal(words("你好 world"), 3);
  assert.equal(words("日本語のtext"), 5);
  assert.equal(words("한국어 문서"), 2);
});

test("characters are code points, line ends among them", () => {
  assert.equal(chars(""), 0);
  assert.equal(chars("a\nb\n"), 4);
  assert.equal(chars("a😀b"), 3);
});

test("an edit of a long text is counted as the whole would be", () => {
  let state = EditorState.create({ doc: "one two three\n".repeat(5_000) });
  assert.deepEqual(countText(state.doc), { words: 15_000, chars: 70_000 });
  for (const [from, to, insert] of [[14, 14, "four "], [50_000, 50_100, "😀 x"], [0, 3, ""]] as const) {
    state = state.update({ changes: { from, to, insert } }).state;
    assert.deepEqual(countText(state.doc), countText(textOf(state.doc.toString())));
  }
});

test("the limit is shown from 80 % on", () => {
  assert.equal(isNearLimit(79, 100), false);
  assert.equal(isNearLimit(80, 100), true);
  assert.equal(isNearLimit(80, null), false);
});

test("places are counted from one, and selections over all ranges", () => {
  const at = (anchor: number, head = anchor) =>
    placeOf(EditorState.create({ doc: "ab\ncde\nf", selection: { anchor, head } }));
  assert.deepEqual(at(0), { line: 1, column: 1, selectedChars: 0, selectedLines: 0 });
  assert.deepEqual(at(5), { line: 2, column: 3, selectedChars: 0, selectedLines: 0 });
  assert.deepEqual(at(8, 1), { line: 1, column: 2, selectedChars: 7, selectedLines: 3 });
  const several = EditorState.create({
    doc: "ab\ncde\nf",
    extensions: EditorState.allowMultipleSelections.of(true),
    selection: EditorSelection.create([EditorSelection.range(0, 1), EditorSelection.range(3, 5)]),
  });
  assert.deepEqual(placeOf(several), { line: 1, column: 2, selectedChars: 3, selectedLines: 2 });
});

test("who writes is told of the limit before it is reached", () => {
  assert.equal(isAlmostFull(1_959_999, 2_000_000), false);
  assert.equal(isAlmostFull(1_960_000, 2_000_000), true);
  assert.equal(isAlmostFull(2_000_000, null), false);
});
