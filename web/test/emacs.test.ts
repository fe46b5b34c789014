/** Killing, yanking and the mark. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { copyRegion, killLine, killRegion, yank } from "../src/editor/emacs";
import { EditorState, type StateCommand } from "../src/vendor/codemirror";
import { stateOf, written } from "./rewriting";

function run(state: EditorState, ...commands: readonly StateCommand[]): EditorState {
  let now = state;
  for (const command of commands) command({ state: now, dispatch: (transaction) => (now = transaction.state) });
  return now;
}

test("kills one after the other are one text to yank", () => {
  assert.equal(written(run(stateOf("a‸bc\ndef"), killLine)), "a‸\ndef");
  assert.equal(written(run(stateOf("a‸bc\ndef"), killLine, killLine, killLine)), "a‸");
  assert.equal(written(run(stateOf("a‸bc\ndef"), killLine, killLine, killLine, yank, yank)), "abc\ndefbc\ndef‸");
});

test("a kill somewhere else begins anew", () => {
  const first = run(stateOf("‸one\ntwo"), killLine);
  const moved = first.update({ selection: { anchor: 1 } }).state;
  assert.equal(written(run(moved, killLine, yank)), "\ntwo‸");
});

test("a region is killed or copied, whichever end the caret is at", () => {
  assert.equal(written(run(stateOf("a ⟦b⟧ c"), killRegion, yank)), "a b‸ c");
  assert.equal(written(run(stateOf("a ⟦b⟧ c"), copyRegion, yank)), "a bb‸ c");
});

test("a text that may only be read stays as it is, but can be copied from", () => {
  const state = stateOf("a ⟦b⟧ c", EditorState.readOnly.of(true));
  assert.equal(run(state, killRegion, killLine, yank).doc.toString(), "a b c");
  run(state, copyRegion);
  assert.equal(written(run(stateOf("‸"), yank)), "b‸");
});
