import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingEdits } from "../src/provider/pending";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const concatenate = (updates: Uint8Array[]): Uint8Array => Uint8Array.from(updates.flatMap((u) => [...u]));

test("unsent edits become one submission", () => {
  const pending = new PendingEdits(concatenate);
  for (const value of [1, 2, 3]) pending.add(bytes(value));
  assert.equal(pending.count, 3);
  assert.deepEqual(pending.take("a", 100), { id: "a", update: bytes(1, 2, 3), edits: 3 });
  assert.equal(pending.count, 3);
  assert.ok(pending.acknowledge("a"));
  assert.ok(pending.isEmpty);
  assert.equal(pending.acknowledge("a"), false);
});

test("what was sent is never merged with what comes later", () => {
  const pending = new PendingEdits(concatenate);
  pending.add(bytes(1));
  pending.take("a", 100);
  pending.add(bytes(2));
  pending.take("b", 100);
  assert.deepEqual(pending.sent.map(({ id, update }) => [id, ...update]), [
    ["a", 1],
    ["b", 2],
  ]);
});

test("submissions are bounded, but a large edit goes alone", () => {
  const pending = new PendingEdits(concatenate);
  pending.add(bytes(1, 1, 1, 1, 1));
  pending.add(bytes(2, 2));
  pending.add(bytes(3));
  assert.deepEqual(pending.take("a", 3)?.update, bytes(1, 1, 1, 1, 1));
  assert.deepEqual(pending.take("b", 3)?.update, bytes(2, 2, 3));
  assert.equal(pending.take("c", 3), null);
});
