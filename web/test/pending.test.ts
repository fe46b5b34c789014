import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingEdits } from "../src/provider/pending";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const concatenate = (updates: Uint8Array[]): Uint8Array => Uint8Array.from(updates.flatMap((u) => [...u]));
const cut = (update: Uint8Array, maxBytes: number): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < update.length; at += maxBytes) pieces.push(update.slice(at, at + maxBytes));
  return pieces;
};
const newPending = (): PendingEdits => new PendingEdits(concatenate, cut);
const ids = (): (() => string) => {
  const letters = [..."abcdefgh"];
  return () => letters.shift() ?? "";
};

test("unsent edits become one submission", () => {
  const pending = newPending();
  for (const value of [1, 2, 3]) pending.add(bytes(value));
  assert.equal(pending.count, 3);
  assert.deepEqual(pending.take(ids(), 100), {
    keys: [1, 2, 3],
    submissions: [{ key: 1, id: "a", update: bytes(1, 2, 3), edits: 3 }],
  });
  assert.equal(pending.count, 3);
  assert.ok(pending.acknowledge("a"));
  assert.ok(pending.isEmpty);
  assert.equal(pending.acknowledge("a"), null);
});

test("what was sent is never merged with what comes later", () => {
  const pending = newPending();
  const nextId = ids();
  pending.add(bytes(1));
  pending.take(nextId, 100);
  pending.add(bytes(2));
  pending.take(nextId, 100);
  assert.deepEqual(pending.sent.map(({ id, update }) => [id, ...update]), [
    ["a", 1],
    ["b", 2],
  ]);
});

test("submissions are bounded: what is larger goes in pieces, and counts with the last of them", () => {
  const pending = newPending();
  const nextId = ids();
  pending.add(bytes(1, 1, 1, 1, 1));
  pending.add(bytes(2, 2));
  pending.add(bytes(3));
  const first = pending.take(nextId, 3);
  assert.deepEqual(first?.submissions.map(({ id, update, edits }) => [id, [...update], edits]), [
    ["a", [1, 1, 1], 0],
    ["b", [1, 1], 1],
  ]);
  assert.deepEqual(pending.take(nextId, 3)?.submissions.map(({ update }) => update), [bytes(2, 2, 3)]);
  assert.equal(pending.take(nextId, 3), null);
  const keys = pending.sent.map(({ key }) => key);
  assert.deepEqual(keys, [...keys].sort((one, other) => one - other), "keys keep the order");
  pending.acknowledge("a");
  assert.equal(pending.count, 3);
});

test("edits of a tab that is gone go on under their ids, before what was never sent", () => {
  const pending = newPending();
  pending.add(bytes(9));
  pending.adopt([
    { key: -2, id: "old.1", update: bytes(1), edits: 1 },
    { key: -1, id: null, update: bytes(2), edits: 1 },
  ]);
  assert.deepEqual([pending.count, pending.sent.map(({ id }) => id)], [3, ["old.1"]]);
  assert.deepEqual(pending.take(ids(), 100)?.keys, [1, -1]);
});
