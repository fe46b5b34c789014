import assert from "node:assert/strict";
import { test } from "node:test";
import { countMatches, type MatchCount } from "../src/editor/matchcount";
import { SearchQuery, Text } from "../src/vendor/codemirror";

function counted(query: ConstructorParameters<typeof SearchQuery>[0], text: string, from = -1, to = -1): MatchCount {
  const counting = countMatches(new SearchQuery(query), Text.of(text.split("\n")), { from, to }, () => true);
  let result = counting.next();
  while (result.done !== true) result = counting.next();
  return result.value;
}

test("matches are counted, and the selected one has its place", () => {
  const text = "one two one\nOne tone";
  assert.deepEqual(counted({ search: "one" }, text), { current: 0, total: 4, more: false });
  assert.deepEqual(counted({ search: "one" }, text, 8, 11), { current: 2, total: 4, more: false });
  assert.deepEqual(counted({ search: "one", caseSensitive: true }, text).total, 3);
  assert.deepEqual(counted({ search: "one", wholeWord: true }, text).total, 3);
  assert.deepEqual(counted({ search: "t?o[nw]", regexp: true }, text).total, 4);
});

test("what cannot be found, or is no expression, is nothing", () => {
  const none = { current: 0, total: 0, more: false };
  assert.deepEqual(counted({ search: "" }, "text"), none);
  assert.deepEqual(counted({ search: "(", regexp: true }, "text"), none);
  assert.deepEqual(counted({ search: "q*", regexp: true }, "text"), none);
});

test("a count in many slices is the same, and ends somewhere", () => {
  assert.equal(counted({ search: "a" }, "a".repeat(5_000)).total, 5_000);
  assert.deepEqual(counted({ search: "a" }, "a".repeat(100_001)), { current: 0, total: 100_000, more: true });
});
