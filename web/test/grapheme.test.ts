import assert from "node:assert/strict";
import { test } from "node:test";
import { graphemeBeside, graphemeEdge } from "../src/editor/grapheme";

const WHOLE = ["👩‍👩‍👧‍👦", "🇩🇪", "🏳️‍🌈", "👍🏽", "각", "é", "நி", "q̣̇", "1️⃣"];

test("what a reader takes for one character is one", () => {
  for (const whole of WHOLE) {
    const text = `a${whole}b`;
    assert.equal(graphemeBeside(text, 1, true), 1 + whole.length, whole);
    assert.equal(graphemeBeside(text, 1 + whole.length, false), 1, whole);
    for (let inside = 2; inside < 1 + whole.length; inside++) {
      assert.equal(graphemeEdge(text, inside, true), 1 + whole.length, whole);
      assert.equal(graphemeEdge(text, inside, false), 1, whole);
    }
  }
});

test("two flags are two characters, however long the row of them is", () => {
  const flags = "🇩🇪🇫🇷🇯🇵🇮🇱".repeat(3);
  assert.equal(graphemeBeside(flags, 4, true), 8);
  assert.equal(graphemeEdge(flags, 4, true), 4);
  assert.equal(graphemeEdge(flags, 6, true), 8);
});

test("ordinary letters, ends of the text and blanks are left alone", () => {
  assert.equal(graphemeEdge("abc", 1, true), 1);
  assert.equal(graphemeEdge("", 0, true), 0);
  assert.equal(graphemeBeside("abc", 0, false), 0);
  assert.equal(graphemeBeside("abc", 3, true), 3);
  assert.equal(graphemeBeside("日本", 1, true), 2);
});
