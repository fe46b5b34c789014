import assert from "node:assert/strict";
import { test } from "node:test";
import { toggleMark, type Mark } from "../src/editor/writing/mark";
import { EditorSelection, EditorState } from "../src/vendor/codemirror";
import { after } from "./rewriting";

const CASES: readonly (readonly [Mark, string, string])[] = [
  ["bold", "a ⟦word⟧ b", "a **⟦word⟧** b"],
  ["bold", "a **⟦word⟧** b", "a ⟦word⟧ b"],
  ["bold", "a ⟦**word**⟧ b", "a ⟦word⟧ b"],
  ["bold", "a ⟦ word ⟧b", "a  **⟦word⟧** b"],
  ["bold", "wo‸rd", "**wo‸rd**"],
  ["bold", "word‸", "**word‸**"],
  ["bold", "‸word", "**‸word**"],
  ["bold", "**wo‸rd**", "wo‸rd"],
  ["bold", "a ‸ b", "a **‸** b"],
  ["bold", "a **‸** b", "a ‸ b"],
  ["italic", "⟦word⟧", "*⟦word⟧*"],
  ["italic", "**⟦word⟧**", "***⟦word⟧***"],
  ["italic", "***⟦word⟧***", "**⟦word⟧**"],
  ["bold", "***⟦word⟧***", "*⟦word⟧*"],
  ["strike", "**⟦word⟧**", "**~~⟦word⟧~~**"],
  ["strike", "~~**⟦word⟧**~~", "**⟦word⟧**"],
  ["code", "⟦a`b⟧", "``⟦a`b⟧``"],
  ["code", "``⟦a`b⟧``", "⟦a`b⟧"],
  ["bold", "- ⟦one\n- two⟧", "- **⟦one**\n- **two⟧**"],
  ["bold", "- [ ] ⟦one\n\n> two⟧", "- [ ] **⟦one**\n\n> **two⟧**"],
  ["bold", "# ⟦Title⟧", "# **⟦Title⟧**"],
  ["italic", "⟦שלום⟧", "*⟦שלום⟧*"],
];

test("a mark goes around the selection or the word, and away again", () => {
  for (const [mark, before, expected] of CASES) {
    assert.equal(after(toggleMark(mark), before), expected, `${mark}: ${before}`);
  }
});

test("a mark that is put on and taken off leaves the text as it was", () => {
  const alphabet = ["a", "bc", " ", "\n", "日本", "👩‍👩‍👧", "- ", "> "];
  let seed = 7;
  const next = (bound: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * bound);
  };
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: 1 + next(8) }, () => alphabet[next(alphabet.length)]).join("");
    const [one, other] = [next(text.length + 1), next(text.length + 1)];
    const mark = (["bold", "italic", "strike", "code"] as const)[next(4)] ?? "bold";
    const start = EditorState.create({ doc: text, selection: EditorSelection.range(one, other) });
    const on = start.update(toggleMark(mark)(start) ?? {}).state;
    const off = on.update(toggleMark(mark)(on) ?? {}).state;
    assert.equal(off.doc.toString(), text, `${mark} on ${JSON.stringify(text)} ${one}..${other}: ${on.doc.toString()}`);
  }
});
