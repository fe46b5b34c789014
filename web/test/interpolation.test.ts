import assert from "node:assert/strict";
import { test } from "node:test";
import { lineAtTop, ordered, topOfLine } from "../src/preview/interpolation";

const markers = [
  { line: 0, top: 10 },
  { line: 4, top: 50 },
  { line: 5, top: 250 },
  { line: 10, top: 260 },
];

test("lines and places follow each other between markers, both ways", () => {
  assert.equal(topOfLine(markers, 2), 30);
  assert.equal(topOfLine(markers, 4.5), 150);
  assert.equal(lineAtTop(markers, 150), 4.5);
  for (let line = 0; line <= 10; line += 0.25) assert.ok(Math.abs(lineAtTop(markers, topOfLine(markers, line)) - line) < 1e-9);
});

test("beyond the ends the ends count", () => {
  assert.equal(topOfLine(markers, -3), 10);
  assert.equal(topOfLine(markers, 99), 260);
  assert.equal(lineAtTop(markers, 0), 0);
  assert.equal(lineAtTop(markers, 999), 10);
  assert.equal(topOfLine([], 3), 0);
});

test("what is folded or stands above an earlier line is left out", () => {
  assert.deepEqual(
    ordered([{ line: 3, top: 5 }, { line: 0, top: 0 }, { line: 1, top: 20 }, { line: 1, top: 25 }, { line: 4, top: 30 }]),
    [{ line: 0, top: 0 }, { line: 1, top: 20 }, { line: 4, top: 30 }],
  );
});
