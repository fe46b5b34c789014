/** The replica of a document. Planted and caught: only the length is looked at, only the number of shared types. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Replica } from "../src/provider/replica";
import { Doc, encodeStateAsUpdate } from "../src/vendor/yjs";

function stateOf(texts: Readonly<Record<string, string>>): Uint8Array {
  const doc = new Doc();
  for (const [root, text] of Object.entries(texts)) doc.getText(root).insert(0, text);
  return encodeStateAsUpdate(doc);
}

function holding(texts: Readonly<Record<string, string>>): Replica {
  const replica = new Replica("content", () => undefined);
  replica.apply(stateOf(texts));
  return replica;
}

test("a text where it is expected, and nothing else, can be no other one", () => {
  assert.equal(holding({ content: "words" }).hasOneText, true);
  // Asked for before the state came, as the page does.
  const replica = new Replica("content", () => undefined);
  assert.equal(replica.text.length, 0);
  replica.apply(stateOf({ content: "words" }));
  assert.equal(replica.hasOneText, true);
});

test("no text, one in another root, or in two, may be another one than it seems", () => {
  assert.equal(holding({}).hasOneText, false);
  assert.equal(holding({ codemirror: "words" }).hasOneText, false);
  assert.equal(holding({ content: "words", codemirror: "words" }).hasOneText, false);
});
