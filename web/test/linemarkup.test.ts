import assert from "node:assert/strict";
import { test } from "node:test";
import { insertLink, insertRule, insertTable, toggleCodeBlock } from "../src/editor/writing/insertion";
import { cycleHeading, toggleHeading, toggleList, toggleQuote, toggleTask } from "../src/editor/writing/linemarkup";
import { indentHere, indentLines, outdentLines } from "../src/editor/writing/listindent";
import type { Rewrite } from "../src/editor/writing/rewrite";
import { after } from "./rewriting";

const all = (rewrite: Rewrite, cases: readonly (readonly [string, string])[]): void => {
  for (const [before, expected] of cases) assert.equal(after(rewrite, before), expected, before);
};

test("headings are set, changed and taken away, and cycle", () => {
  all(toggleHeading(2), [
    ["Ti‸tle", "## Ti‸tle"],
    ["‸", "## ‸"],
    ["# Ti‸tle", "## Ti‸tle"],
    ["## Ti‸tle", "Ti‸tle"],
    ["⟦one\n\ntwo⟧", "## ⟦one\n\n## two⟧"],
  ]);
  all(cycleHeading, [
    ["a‸", "# a‸"],
    ["# a‸", "## a‸"],
    ["## a‸", "### a‸"],
    ["### a‸", "a‸"],
  ]);
});

test("lines become items of a list, of another kind, and text again", () => {
  all(toggleList("bullet"), [
    ["one‸", "- one‸"],
    ["- one‸", "one‸"],
    ["⟦one\n\ntwo⟧\nthree", "- ⟦one\n\n- two⟧\nthree"],
    ["⟦1. one\n2. two⟧", "⟦- one\n- two⟧"],
    ["* [x] one‸", "* one‸"],
    ["  > one‸", "  > - one‸"],
  ]);
  all(toggleList("ordered"), [
    ["⟦one\n  a\ntwo⟧", "1. ⟦one\n  1. a\n2. two⟧"],
    ["⟦- one\n- two\n⟧next", "⟦1. one\n2. two\n⟧next"],
    ["1. one‸", "one‸"],
  ]);
  all(toggleList("task"), [
    ["one‸", "- [ ] one‸"],
    ["* one‸", "* [ ] one‸"],
    ["⟦- [x] one\ntwo⟧", "⟦- [x] one\n- [ ] two⟧"],
    ["- [x] one‸", "one‸"],
  ]);
});

test("tasks are ticked and unticked, and made of what is none", () => {
  all(toggleTask, [
    ["- [ ] a‸", "- [x] a‸"],
    ["- [X] a‸", "- [ ] a‸"],
    ["⟦- [ ] a\n- [x] b⟧", "⟦- [x] a\n- [x] b⟧"],
    ["1. a‸", "1. [ ] a‸"],
    ["a‸", "- [ ] a‸"],
    ["> - [ ] a‸", "> - [x] a‸"],
  ]);
});

test("lines are quoted and taken out of quotes", () => {
  all(toggleQuote, [
    ["a‸", "> a‸"],
    ["⟦a\n\nb⟧", "> ⟦a\n>\n> b⟧"],
    ["⟦> a\n>\n> b⟧", "⟦a\n\nb⟧"],
    ["> > a‸", "> a‸"],
  ]);
});

test("a fence goes around lines and away again", () => {
  all(toggleCodeBlock, [
    ["a‸", "```‸\na\n```"],
    ["⟦a\nb⟧", "```‸\na\nb\n```"],
    ["```js\na‸\n```", "a‸"],
    ["⟦```\na\n```⟧", "⟦a⟧"],
  ]);
});

test("a link asks for what is missing", () => {
  all(insertLink, [
    ["see ⟦this⟧", "see [this](‸)"],
    ["see th‸is", "see [this](‸)"],
    ["⟦https://example.org/a⟧", "[‸](https://example.org/a)"],
    [" ‸", " [‸]()"],
  ]);
});

test("blocks stand on lines of their own", () => {
  all(insertRule, [
    ["a‸\nb", "a\n\n---\n‸\nb"],
    ["‸", "---\n‸"],
    ["a\n\n‸\n\nb", "a\n\n---\n‸\n\nb"],
  ]);
  const table = after(insertTable("Column"), "a‸");
  assert.equal(
    table,
    "a\n\n| ⟦Column 1⟧ | Column 2 | Column 3 |\n| -------- | -------- | -------- |\n" +
      "|          |          |          |\n|          |          |          |",
  );
});

test("an item moves under the one above, and back", () => {
  all(indentLines, [
    ["- a\n- b‸", "- a\n  - b‸"],
    ["1. a\n2. b‸", "1. a\n   2. b‸"],
    ["10. a\n11. b‸", "10. a\n    11. b‸"],
    ["text‸", "  text‸"],
    ["> - a\n> - b‸", "> - a\n>   - b‸"],
  ]);
  all(outdentLines, [
    ["- a\n  - b‸", "- a\n- b‸"],
    ["1. a\n   2. b‸", "1. a\n2. b‸"],
    ["- a\n  - b\n    - c‸", "- a\n  - b\n  - c‸"],
    ["    text‸", "  text‸"],
    ["text‸", "text‸"],
    ["\ttext‸", "text‸"],
  ]);
  all(indentHere, [
    ["a‸b", "a ‸b"],
    ["‸", "  ‸"],
    ["- a\n- b‸", "- a\n  - b‸"],
    ["⟦a\nb⟧", "  ⟦a\n  b⟧"],
  ]);
});
