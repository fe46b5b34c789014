import assert from "node:assert/strict";
import { test } from "node:test";
import { codePoints, fits } from "../src/fitting";

const room = (before: string, removed: string, inserted: string, maxChars: number | null): boolean =>
  fits(before.length, () => before, { removed, inserted }, maxChars);

test("the limit counts code points, not units", () => {
  assert.equal(codePoints("a👩ß"), 3);
  assert.ok(room("", "", "👩👩👩", 3));
  assert.ok(!room("", "", "👩👩👩a", 3));
  assert.ok(room("👩👩", "", "a", 3));
  assert.ok(!room("👩👩a", "", "a", 3));
});

test("what is replaced makes room, and a document that is too long may be made shorter", () => {
  assert.ok(room("abc", "c", "d", 3));
  assert.ok(!room("abc", "c", "de", 3));
  assert.ok(room("abcdef", "def", "x", 3));
  assert.ok(room("abcdef", "f", "x", 3));
  assert.ok(!room("abcdef", "f", "xy", 3));
});

test("without a known limit everything fits", () => {
  assert.ok(room("", "", "x".repeat(9_000_000), null));
});
