/** What the toolbar shows as pressed, and that pressing it then takes the mark away. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownSource } from "../src/editor/highlight";
import { isCodeBlock } from "../src/editor/writing/insertion";
import { isHeading, isList, isQuote } from "../src/editor/writing/linemarkup";
import { hasMark, toggleMark, type Mark } from "../src/editor/writing/mark";
import { after, stateOf } from "./rewriting";

const MARKED: readonly (readonly [string, readonly Mark[]])[] = [
  ["a **wo‸rd** b", ["bold"]],
  ["a **two wo‸rds** b", ["bold"]],
  ["a **two ‸ words** b", ["bold"]],
  ["a **⟦two words⟧** b", ["bold"]],
  ["a **⟦two⟧ words** b", ["bold"]],
  ["a **two⟦ words** b⟧", []],
  ["a ***bo‸th*** b", ["bold", "italic"]],
  ["a *on‸e* b", ["italic"]],
  ["a ~~go‸ne and gone~~", ["strike"]],
  ["a `co de‸ x` b", ["code"]],
  ["**one** pl‸ain **two**", []],
  ["plain‸", []],
  ["**‸**", ["bold"]],
  ["", []],
];

test("marks are on where all of the selection is inside them", () => {
  for (const [before, expected] of MARKED) {
    const state = stateOf(before === "" ? "‸" : before, markdownSource.extension);
    const found = (["bold", "italic", "strike", "code"] as const).filter((mark) => hasMark(mark)(state));
    assert.deepEqual(found, expected, before);
  }
});

test("a mark that is on is taken away: from all of it at a caret, else from what is selected", () => {
  const cases: readonly (readonly [Mark, string, string])[] = [
    ["bold", "a **two wo‸rds** b", "a two wo‸rds b"],
    ["bold", "a **one ⟦two⟧ three** b", "a **one** ⟦two⟧ **three** b"],
    ["bold", "a **⟦one⟧ two** b", "a ⟦one⟧ **two** b"],
    ["bold", "a **one ⟦two⟧** b", "a **one** ⟦two⟧ b"],
    ["strike", "~~one ‸ two~~", "one ‸ two"],
    ["code", "`a ⟦b⟧ c`", "`a` ⟦b⟧ `c`"],
    ["italic", "*one **two‸** three*", "one **two‸** three"],
  ];
  for (const [mark, before, expected] of cases) {
    assert.equal(after(toggleMark(mark), before, markdownSource.extension), expected, before);
  }
});

test("lines are headings, items or quotes if all that are selected are", () => {
  assert.ok(isHeading(2)(stateOf("## Ti‸tle")));
  assert.ok(!isHeading(1)(stateOf("## Ti‸tle")));
  assert.ok(!isHeading(1)(stateOf("pl‸ain")));
  assert.ok(isList("bullet")(stateOf("- ⟦one\n- two⟧")));
  assert.ok(!isList("bullet")(stateOf("- ⟦one\ntwo⟧")));
  assert.ok(isList("ordered")(stateOf("3) thr‸ee")));
  assert.ok(isList("task")(stateOf("- [x] do‸ne")));
  assert.ok(isQuote(stateOf("> sai‸d")));
  assert.ok(isCodeBlock(stateOf("```js\nco‸de\n```")));
  assert.ok(!isCodeBlock(stateOf("```js\ncode\n```\nte‸xt")));
});

test("nothing is asked of a selection of many lines, so that the toolbar costs nothing", () => {
  const text = Array.from({ length: 20_000 }, () => "- **word**").join("\n");
  const state = stateOf(`⟦${text}⟧`, markdownSource.extension);
  assert.ok(!isList("bullet")(state));
  assert.ok(!hasMark("bold")(state));
});
