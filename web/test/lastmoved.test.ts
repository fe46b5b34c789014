/** A person with several windows is where the caret moved last. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LastMoved } from "../src/editor/lastmoved";
import type { Caret } from "../src/editor/presence";

const caret = (client: number, user: string, place: string): Caret => ({
  client, user, place, anchor: 0, head: client, name: user, color: "#000",
});

test("of several windows the one that moved last counts, and another one once that is closed", () => {
  const moved = new LastMoved();
  assert.equal(moved.caretOf("ana"), null);
  moved.note([caret(1, "ana", "a"), caret(2, "ana", "b"), caret(3, "ben", "c")]);
  moved.note([caret(1, "ana", "x"), caret(2, "ana", "b"), caret(3, "ben", "c")]);
  assert.equal(moved.caretOf("ana")?.client, 1);
  // The text before it has grown: the same place, which is no move.
  moved.note([caret(1, "ana", "x"), caret(2, "ana", "y"), caret(3, "ben", "c")]);
  assert.equal(moved.caretOf("ana")?.client, 2);
  moved.note([caret(1, "ana", "x"), caret(3, "ben", "z")]);
  assert.equal(moved.caretOf("ana")?.client, 1);
  assert.equal(moved.caretOf("ben")?.client, 3);
});

test("a new session of the same user is followed on", () => {
  const moved = new LastMoved();
  moved.note([caret(1, "ana", "a")]);
  moved.note([]);
  assert.equal(moved.caretOf("ana"), null);
  moved.note([caret(9, "ana", "a")]);
  assert.equal(moved.caretOf("ana")?.client, 9);
});
