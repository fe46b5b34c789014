/** Pictures of an imported file take the places of their marks in the new document. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LaterPictures, opsBetween, withPictures, type TextOp } from "../src/transfer/laterpictures";

test("each picture has a mark of its own, in order", async () => {
  const pictures = new LaterPictures("t");
  const marks = [await pictures.add(new Blob(["a"])), await pictures.add(new Blob(["b"]))];
  assert.deepEqual(marks, ["upload:t-0", "upload:t-1"]);
  assert.deepEqual(pictures.all.map(({ mark }) => mark), marks);
});

test("what was kept is an image, what was not leaves its words", () => {
  const text = "a ![one](upload:t-0) b\n\n![two](upload:t-1)\n![three](upload:t-10)";
  const addresses = new Map([["upload:t-0", "/f/0.png"], ["upload:t-1", null], ["upload:t-10", "/f/10.png"]]);
  assert.equal(withPictures(text, addresses), "a ![one](/f/0.png) b\n\ntwo\n![three](/f/10.png)");
});

const applied = (text: string, ops: readonly TextOp[]): string => {
  let at = 0;
  let made = "";
  for (const op of ops) {
    if ("retain" in op) made += text.slice(at, (at += op.retain));
    else if ("delete" in op) at += op.delete;
    else made += op.insert;
  }
  return made + text.slice(at);
};

test("the edit makes the one text of the other", () => {
  for (const [before, after] of [["a👩b", "a👩‍👧b"], ["", "x"], ["x", ""], ["same start", "same end"]] as const) {
    assert.equal(applied(before, opsBetween(before, after) ?? []), after);
  }
  assert.equal(opsBetween("a", "a"), null);
});
