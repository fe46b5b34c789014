import assert from "node:assert/strict";
import { test } from "node:test";
import * as table from "../src/editor/writing/tableedit";
import { cellsOf, tableAt } from "../src/editor/writing/tablemodel";
import { displayWidth } from "../src/editor/writing/displaywidth";
import { after, stateOf } from "./rewriting";

const HEAD = "| a | b |\n| --- | --- |\n";

test("cells are found with and without outer pipes, and an escaped pipe is text", () => {
  const texts = (line: string): string[] => cellsOf(line, 0).map(({ text }) => text);
  assert.deepEqual(texts("| a | b |"), ["a", "b"]);
  assert.deepEqual(texts("a | b"), ["a", "b"]);
  assert.deepEqual(texts("| a \\| b | c"), ["a \\| b", "c"]);
  assert.deepEqual(texts("  | a |  |  "), ["a", ""]);
  assert.deepEqual(texts("|"), [""]);
});

test("a table is known by its delimiter row", () => {
  assert.equal(tableAt(stateOf("a | b‸\nc | d"), 0), null);
  assert.equal(tableAt(stateOf("a | b‸"), 0), null);
  assert.deepEqual(tableAt(stateOf("a | b‸\n:-- | --:"), 0)?.alignments, ["left", "right"]);
});

test("Tab goes to the next cell, and behind the last one makes a row", () => {
  const cases: readonly (readonly [string, string])[] = [
    [`| a‸ | b |\n| --- | --- |\n| c | d |`, `| a | ⟦b⟧ |\n| --- | --- |\n| c | d |`],
    [`| a | b‸ |\n| --- | --- |\n| c | d |`, `${HEAD}| ⟦c⟧ | d |`],
    [`${HEAD}| c | d‸ |`, `${HEAD}| c | d |\n| ‸  |   |`],
    [`${HEAD}| c‸ |   |`, `${HEAD}| c | ‸  |`],
    ["no ta‸ble", "no ta‸ble"],
  ];
  for (const [before, expected] of cases) assert.equal(after(table.nextCell, before), expected);
  assert.equal(after(table.previousCell, `${HEAD}| c | d‸ |`), `${HEAD}| ⟦c⟧ | d |`);
  assert.equal(after(table.previousCell, `${HEAD}| c‸ | d |`), `| a | ⟦b⟧ |\n| --- | --- |\n| c | d |`);
});

test("rows and columns are added and removed", () => {
  assert.equal(after(table.addRow, `| a‸ | b |\n| --- | --- |\n| c | d |`), `${HEAD}| ‸  |   |\n| c | d |`);
  assert.equal(after(table.removeRow, `${HEAD}| c‸ | d |\n| e | f |`), `${HEAD}‸| e | f |`.replace("\n‸", "‸\n"));
  assert.equal(after(table.removeRow, "| a‸ | b |\n| --- | --- |"), "| a‸ | b |\n| --- | --- |");
  assert.equal(
    after(table.addColumn, "| a‸ | b |\n| --- | --- |\n| c | d |"),
    "| a | ‸    | b |\n| --- | --- | --- |\n| c |     | d |",
  );
  assert.equal(after(table.removeColumn, `${HEAD}| c | d‸ |`), "| a |\n| --- |\n| c ‸|");
  assert.equal(after(table.removeColumn, `${HEAD}| c‸ | d |`), "| b |\n| --- |\n|‸ d |");
});

test("a column's alignment goes round", () => {
  let text = "| a‸ | b |\n| --- | --- |";
  const seen: string[] = [];
  for (let round = 0; round < 4; round++) {
    text = after(table.cycleAlignment, text);
    seen.push(text.split("\n")[1] ?? "");
  }
  assert.deepEqual(seen, ["| :-- | --- |", "| :-: | --- |", "| --: | --- |", "| --- | --- |"]);
});

test("columns are made even in any script, and the text of cells is not touched", () => {
  const before = "a|b\n:-|-:\nlong cell|1\n日本|‸22\n| x |";
  assert.equal(
    after(table.formatTable, before),
    "| a         |   b |\n| :-------- | --: |\n| long cell |   1 |\n| 日本      |  ‸22 |\n| x         |     |",
  );
  const state = stateOf(before);
  const spec = table.formatTable(state);
  state.update(spec ?? {}).changes.iterChanges((from, to) => {
    assert.match(state.sliceDoc(from, to), /^[ :-]*$/);
  });
  const again = after(table.formatTable, after(table.formatTable, before));
  assert.equal(again, after(table.formatTable, before));
});

test("the width of wide characters, emoji and combined text is known", () => {
  assert.deepEqual(["abc", "日本", "👩‍👩‍👧", "é", "한국"].map(displayWidth), [3, 4, 2, 1, 4]);
});
