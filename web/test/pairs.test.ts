import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanText, dropHalves, editBetween, snapEdit, splitText, type Edit } from "../src/pairs";

const GRIN = "\u{1f600}"; // d83d de00
const BEAM = "\u{1f601}"; // d83d de01
const OTHER = "\u{10600}"; // d801 de00

const snap = (text: string, edit: Edit): Edit => snapEdit((offset) => text.charCodeAt(offset), edit);
const apply = (text: string, edit: Edit): string =>
  text.slice(0, edit.from) + edit.insert + text.slice(edit.to);
const wellFormed = (text: string): boolean => dropHalves(text) === text;

test("an edit between code points stays as it is", () => {
  const edit = { from: 1, to: 3, insert: "x" };
  assert.deepEqual(snap(`a${GRIN}b`, edit), edit);
  assert.deepEqual(snap("", { from: 0, to: 0, insert: GRIN }), { from: 0, to: 0, insert: GRIN });
});

test("one emoji typed over another that shares its first half replaces both halves", () => {
  const edit = snap(`a${GRIN}b`, { from: 2, to: 3, insert: "\ude01" });
  assert.deepEqual(edit, { from: 1, to: 3, insert: BEAM });
});

test("one emoji typed over another that shares its second half replaces both halves", () => {
  const edit = snap(`a${GRIN}b`, { from: 1, to: 2, insert: "\ud801" });
  assert.deepEqual(edit, { from: 1, to: 3, insert: OTHER });
});

test("deleting or splitting half of an emoji removes the emoji", () => {
  assert.deepEqual(snap(GRIN, { from: 1, to: 2, insert: "" }), { from: 0, to: 2, insert: "" });
  assert.deepEqual(snap(GRIN, { from: 0, to: 1, insert: "" }), { from: 0, to: 2, insert: "" });
  assert.deepEqual(snap(GRIN, { from: 1, to: 1, insert: "x" }), { from: 0, to: 2, insert: "x" });
});

test("deleting across two emoji from middle to middle joins the halves that remain", () => {
  assert.deepEqual(snap(GRIN + BEAM, { from: 1, to: 3, insert: "" }), { from: 0, to: 4, insert: BEAM });
});

test("every edit of every well-formed text leaves well-formed text and cuts nothing", () => {
  const alphabet = ["a", GRIN, BEAM, OTHER];
  const inserts = ["", "x", "\ud83d", "\ude00", GRIN, "\ude00\ud83d", `x${BEAM}`];
  for (const one of alphabet) {
    for (const two of alphabet) {
      for (const three of alphabet) {
        const text = one + two + three;
        for (let from = 0; from <= text.length; from++) {
          for (let to = from; to <= text.length; to++) {
            for (const insert of inserts) {
              const edit = snap(text, { from, to, insert });
              assert.ok(wellFormed(text.slice(0, edit.from)), "start");
              assert.ok(wellFormed(text.slice(edit.to)), "end");
              assert.ok(wellFormed(edit.insert), "insert");
              const plain = apply(text, { from, to, insert });
              if (wellFormed(plain)) assert.equal(apply(text, edit), plain);
            }
          }
        }
      }
    }
  }
});

test("cleaned text has no halves, no NUL and one kind of line break", () => {
  assert.equal(cleanText(`a\0b\r\nc\rd\ud83de${GRIN}\ude00`), `ab\nc\nde${GRIN}`);
});

test("the edit between two texts is small and leads from one to the other", () => {
  assert.equal(editBetween("same", "same"), null);
  assert.deepEqual(editBetween("one two", "one big two"), { from: 4, to: 4, insert: "big " });
  assert.deepEqual(editBetween("aaa", "aa"), { from: 2, to: 3, insert: "" });
  assert.deepEqual(editBetween(GRIN, BEAM), { from: 0, to: 2, insert: BEAM });
  for (const [before, after] of [["", "x"], ["x", ""], [`a${GRIN}`, `a${GRIN}${GRIN}`]] as const) {
    const edit = editBetween(before, after);
    assert.ok(edit);
    assert.equal(apply(before, edit), after);
  }
});

test("long texts are split between code points and lose nothing", () => {
  const text = `ab${GRIN}${BEAM}c${OTHER}`;
  for (const size of [2, 3, 4, 5, 100]) {
    const pieces = splitText(text, size);
    assert.equal(pieces.join(""), text);
    assert.ok(pieces.every((piece) => wellFormed(piece) && piece.length <= size && piece !== ""));
  }
  assert.deepEqual(splitText("", 5), []);
});
