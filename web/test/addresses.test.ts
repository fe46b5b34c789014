import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, statusOf } from "../src/addresses/failure";
import { english } from "../src/language/en/english";
import { german } from "../src/language/de/german";

test("every status has words, in both languages", () => {
  for (const status of [400, 401, 403, 404, 405, 410, 429, 500, 502, 503, 599]) {
    const failure = failureOf(status);
    for (const { addresses } of [english, german]) {
      assert.ok(addresses[failure] && addresses[`${failure}Lead`]);
    }
  }
  assert.deepEqual([404, 405, 429, 500, 503].map(failureOf), [
    "notFound",
    "notAllowed",
    "tooOften",
    "defect",
    "unavailable",
  ]);
});

test("a page without a status is no failure", () => {
  for (const content of [undefined, "", "__STATUS__", "abc", "4040", "-1"]) assert.equal(statusOf(content), 200);
  assert.equal(statusOf("404"), 404);
});
