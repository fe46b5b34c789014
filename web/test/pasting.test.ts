import assert from "node:assert/strict";
import { test } from "node:test";
import { pastedAs } from "../src/editor/pasting";
import { rowsOfCells, tableOfRows } from "../src/editor/writing/tabular";
import { EditorState } from "../src/vendor/codemirror";
import { markdownSource } from "../src/editor/highlight";

test("what a spreadsheet copies is rows of cells", () => {
  assert.deepEqual(rowsOfCells("a\tb\r\n1\t2\r\n"), [["a", "b"], ["1", "2"]]);
  assert.deepEqual(rowsOfCells('a\t"two\nlines ""said"""\nc\td'), [["a", 'two\nlines "said"'], ["c", "d"]]);
  assert.deepEqual(rowsOfCells("a\t\n1\t2"), [["a", ""], ["1", "2"]]);
  assert.deepEqual(rowsOfCells("a\tb\n1\t"), [["a", "b"], ["1", ""]]);
  assert.equal(rowsOfCells("if x:\n\treturn"), null);
  assert.equal(rowsOfCells("plain"), null);
});

test("cells become a table that is even and holds pipes and line breaks", () => {
  assert.equal(
    tableOfRows([["a|b", "日本"], ["1"], ["x\ny", ""]]),
    "| a\\|b   | 日本 |\n| ------ | ---- |\n| 1      |      |\n| x<br>y |      |",
  );
});

const stateAt = (doc: string, from = doc.length, to = from): EditorState =>
  EditorState.create({
    doc,
    selection: { anchor: from, head: to },
    extensions: markdownSource,
  });

test("a paste is a table, markdown, or what it is", () => {
  const kind = (state: EditorState, plain: string, html = "", types: string[] = []): string =>
    pastedAs(state, plain, html, types).kind;
  assert.equal(kind(stateAt(""), "a\tb\n1\t2"), "table");
  assert.equal(kind(stateAt("in a line "), "a\tb\n1\t2"), "as-it-is");
  assert.equal(kind(stateAt(""), "a b", "<p>a <strong>b</strong></p>"), "html");
  assert.equal(kind(stateAt(""), "a b", "<meta charset='utf-8'><span>a b</span>"), "as-it-is");
  assert.equal(kind(stateAt(""), "a", '<b style="font-weight:normal;"><p>a</p></b>'), "as-it-is");
  assert.equal(kind(stateAt(""), "a", "<pre>a</pre>", ["vscode-editor-data"]), "as-it-is");
  assert.equal(kind(stateAt("```\ncode\n```", 6), "a b", "<p>a <strong>b</strong></p>"), "as-it-is");
  assert.equal(kind(stateAt("word", 0, 4), "https://example.org", '<a href="https://example.org">x</a>'), "as-it-is");
});
