/**
 * Pieces of a long text. Bugs planted, and caught here: the rest is left out; a piece begins with half a character or a
 * mark; the cut comes before the space.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutText } from "../src/preview/textcut";

test("the pieces are the text, none is too long, and none is empty", () => {
  for (const unit of ["x", "word ", "😀", "é", "日本", "👩\u200d👩\u200d👧", " "]) {
    for (const length of [1, 299, 300, 301, 5_000]) {
      const text = unit.repeat(length);
      const pieces = cutText(text, 300);
      assert.equal(pieces.join(""), text);
      assert.ok(pieces.every((piece) => piece.length > 0 && piece.length <= 300), unit);
    }
  }
});

test("a text is cut behind a space where there is one", () => {
  for (const piece of cutText("some words ".repeat(200), 301).slice(0, -1)) assert.match(piece, / $/);
});

test("no character is cut in two, with its marks", () => {
  for (const unit of ["😀", "e\u0301\u0323", "👩\u200d👩\u200d👧", "👋🏽", "❤\ufe0f"]) {
    for (const piece of cutText("a" + unit.repeat(1_000), 301).slice(1)) assert.ok(piece.startsWith(unit), JSON.stringify(unit));
  }
});
