import assert from "node:assert/strict";
import { test } from "node:test";
import { SHORTEST_WAIT_MS, refreshTime } from "../src/provider/admission";
import { MAX_DELAY_MS, delayAfterAdmission } from "../src/reconnect";

const HOUR_MS = 3_600_000;

test("a session that does not end is not refreshed", () => {
  assert.equal(refreshTime(null, 0), null);
});

test("a long session is refreshed minutes before its end, a short one earlier than at its end", () => {
  assert.equal(refreshTime(HOUR_MS, 0), HOUR_MS - 300_000);
  assert.equal(refreshTime(60_000, 0), 48_000);
});

test("a session that cannot be extended is not asked for in quick succession", () => {
  let now = 0;
  let asked = 0;
  for (; now < 60_000; asked += 1) {
    const next = refreshTime(60_000, now);
    assert.ok(next !== null && next >= now + SHORTEST_WAIT_MS);
    now = next;
  }
  assert.ok(asked <= 3, String(asked));
});

test("without a ticket one waits as long as the server asks, and a little more", () => {
  assert.equal(delayAfterAdmission(7_000, 0, 0, true), 7_000);
  assert.ok(delayAfterAdmission(0, 40, 0.999, false) <= MAX_DELAY_MS);
});
