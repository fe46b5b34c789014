/**
 * A worker that is told changes holds the same text as the page. Bugs planted, and caught here: what is equal at both
 * ends overlaps; a step goes beyond the shorter text; the units compared at the end are shifted by one.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDelta, deltaBetween } from "../src/preview/textdelta";

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

const LETTERS = ["a", "a", "b", "\n", "ä", "😀", "\ud83d"];

function randomText(random: (below: number) => number, length: number): string {
  let text = "";
  while (text.length < length) text += LETTERS[random(LETTERS.length)] ?? "";
  return text;
}

test("a delta makes the next text of the one before, in texts of any length and with repetitions", () => {
  const random = randomOf(7);
  for (let round = 0; round < 400; round++) {
    const unit = randomText(random, 1 + random(6));
    const before = random(2) === 0 ? unit.repeat(random(4_000)) : randomText(random, random(20_000));
    const from = random(before.length + 1);
    const to = Math.min(before.length, from + random(3) * random(9_000));
    const insert = random(3) === 0 ? before.slice(from, to) + unit : randomText(random, random(12));
    const after = before.slice(0, from) + insert + before.slice(to);
    const delta = deltaBetween(before, after);
    assert.equal(applyDelta(before, delta), after);
    assert.ok(delta.insert.length <= insert.length, "no more is sent than was written");
    assert.ok(delta.from <= delta.to);
  }
});

test("two edits far from each other, one of them of the last letter, are one delta", () => {
  const random = randomOf(11);
  for (let round = 0; round < 100; round++) {
    const before = "ab".repeat(5_000 + random(5_000));
    const at = random(before.length - 1);
    const after = `${before.slice(0, at)}Y${before.slice(at + 1, -1)}Z`;
    assert.equal(applyDelta(before, deltaBetween(before, after)), after);
  }
});

test("a key in a megabyte is a delta of one letter", () => {
  const before = "some words and more of them\n".repeat(40_000);
  const after = `${before.slice(0, 600_000)}Z${before.slice(600_000)}`;
  assert.deepEqual(deltaBetween(before, after), { from: 600_000, to: 600_000, insert: "Z" });
});
