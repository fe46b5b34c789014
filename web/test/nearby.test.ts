/** Tests of who is told to be near to one's own caret. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { whoIsNear } from "../src/editor/nearby";
import type { Caret } from "../src/editor/presence";
import { EditorState } from "../src/vendor/codemirror";

const doc = "line\n".repeat(40);
/** The caret is in line 20. */
const state = EditorState.create({ doc, selection: { anchor: 19 * 5 + 2 } });
const caret = (client: number, name: string, line: number): Caret => {
  const head = (line - 1) * 5;
  return { client, user: `u-${name}`, anchor: head, head, place: "", name, color: "#000000" };
};

test("the nearest are told first, by lines above and below", () => {
  const carets = [caret(1, "Ben", 23), caret(2, "Cleo", 19), caret(3, "Dan", 20), caret(4, "Far", 31)];
  assert.equal(whoIsNear(state, carets), "Dan is in this line, Cleo is 1 line above, Ben is 3 lines below.");
});

test("who has two windows is told once, where they are nearest", () => {
  assert.equal(whoIsNear(state, [caret(1, "Ben", 26), caret(2, "Ben", 18)]), "Ben is 2 lines above.");
});

test("beyond some names the others are counted, and nobody is told as nobody", () => {
  const carets = Array.from({ length: 7 }, (_, index) => caret(index, `P${index}`, 20));
  assert.match(whoIsNear(state, carets), /P3 is in this line, 3 more\.$/);
  assert.equal(whoIsNear(state, [caret(1, "Far", 9)]), "Nobody else is near.");
});

test("a caret behind the end of the text is at its end", () => {
  assert.equal(whoIsNear(state, [{ ...caret(1, "Ben", 20), head: 10_000 }]), "Nobody else is near.");
});
