/**
 * An update and its pieces bring the same text, whatever was written and deleted.
 *
 * Planted bugs that the first test was seen to catch: a text cut inside a surrogate pair; pieces
 * whose origin is that of the whole; deletions left out; the bound taken in units instead of bytes.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as Y from "yjs";
import { splitUpdate } from "../src/provider/split";

const MAX_BYTES = 300;

const edit = fc.record({
  at: fc.nat(5_000),
  remove: fc.nat(40),
  text: fc.string({ unit: fc.constantFrom("a", "ß", "日", "👩", "\n"), maxLength: 600, size: "max" }),
});

function write(doc: Y.Doc, { at, remove, text }: { at: number; remove: number; text: string }): void {
  const shared = doc.getText("content");
  const points = [...shared.toString()];
  const from = points.slice(0, at % (points.length + 1)).join("").length;
  const length = points.slice(at % (points.length + 1), (at % (points.length + 1)) + remove).join("").length;
  if (length > 0) shared.delete(from, length);
  if (text !== "") shared.insert(from, text);
}

test("the pieces of one edit are small, build on each other, and make the whole", () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 5 }), fc.array(edit, { minLength: 1, maxLength: 8 }), (before, edits) => {
      const author = new Y.Doc();
      for (const each of before) write(author, each);
      const reader = new Y.Doc();
      Y.applyUpdate(reader, Y.encodeStateAsUpdate(author));
      const since = Y.encodeStateVector(author);
      author.clientID = 7;
      author.transact(() => edits.forEach((each) => write(author, each)));
      const whole = Y.encodeStateAsUpdate(author, since);
      for (const piece of splitUpdate(whole, MAX_BYTES)) {
        assert.ok(piece.length <= MAX_BYTES, `${piece.length} bytes`);
        Y.applyUpdate(reader, piece);
        assert.equal(reader.store.pendingStructs, null, "a piece waits for a later one");
        assert.ok(!/[\ud800-\udbff](?![\udc00-\udfff])/.test(reader.getText("content").toString()));
      }
      assert.equal(reader.getText("content").toString(), author.getText("content").toString());
      assert.deepEqual(Y.encodeStateVector(reader), Y.encodeStateVector(author));
    }),
    { numRuns: 200 },
  );
});

test("the pieces of a whole document by several authors make it, once all have come", () => {
  const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  for (let round = 0; round < 60; round++) {
    const doc = docs[round % 3]!;
    write(doc, { at: round * 37, remove: round % 5, text: `round ${round} 👩 `.repeat(round % 7) });
    for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  }
  const whole = Y.encodeStateAsUpdate(docs[0]!);
  const reader = new Y.Doc();
  const pieces = splitUpdate(whole, MAX_BYTES);
  assert.ok(pieces.length > 3);
  for (const piece of pieces) Y.applyUpdate(reader, piece);
  assert.equal(reader.getText("content").toString(), docs[0]!.getText("content").toString());
});

test("an update that fits is left as it is", () => {
  const update = Uint8Array.from([0, 0]);
  assert.deepEqual(splitUpdate(update, 2), [update]);
});
