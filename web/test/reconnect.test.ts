import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_DELAY_MS,
  MAX_VISIBLE_DELAY_MS,
  DOUBT_DEADLINE_MS,
  PING_INTERVAL_MS,
  PONG_DEADLINE_MS,
  Watchdog,
  backoffMs,
  closeRule,
  delayAfterAdmission,
  delayAfterClose,
  mayNudge,
  retryAfterMs,
} from "../src/reconnect";

test("backoff doubles from half a second to thirty, with full jitter", () => {
  assert.deepEqual([0, 1, 2, 5].map((failures) => backoffMs(failures, 1)), [500, 1000, 2000, 16000]);
  assert.equal(backoffMs(6, 1), MAX_DELAY_MS);
  assert.equal(backoffMs(1e9, 1), MAX_DELAY_MS);
  assert.equal(backoffMs(20, 0), 0);
  assert.equal(backoffMs(2, 0.25), 500);
});

test("close codes ask for what the design's table says", () => {
  const actions = [1001, 1008, 1009, 1011, 1012, 1013, 4400, 4401, 4403, 4404, 4429].map(
    (code) => closeRule(code).action,
  );
  assert.deepEqual(actions, [
    "reconnect",
    "stop",
    "stop",
    "backoff",
    "reconnect",
    "backoff",
    "stop",
    "reauthenticate",
    "stop",
    "stop",
    "backoff",
  ]);
  assert.equal(closeRule(1006).action, "backoff");
  assert.equal(closeRule(4999).action, "backoff");
});

test("a stop has no delay, a throttle waits as told", () => {
  for (const isVisible of [true, false]) {
    assert.equal(delayAfterClose(4403, "", 0, 0.5, isVisible), null);
    assert.equal(delayAfterClose(1012, "", 0, 0.5, isVisible), 250);
    assert.equal(delayAfterClose(4429, "retry_after=12", 0, 0.5, isVisible), 12_250);
    assert.equal(delayAfterClose(4429, "", 0, 0, isVisible), 5_000);
  }
  assert.equal(retryAfterMs('{"retry_after_s": 1.5}'), 1500);
  assert.equal(retryAfterMs("slow down"), null);
});

test("a page in sight is back soon after the server is, a hidden one and a busy server can wait", () => {
  for (const code of [1000, 1001, 1006, 1012]) {
    assert.equal(delayAfterClose(code, "", 40, 1, true), MAX_VISIBLE_DELAY_MS);
    assert.equal(delayAfterClose(code, "", 40, 0, true), 0);
    assert.equal(delayAfterClose(code, "", 40, 1, false), MAX_DELAY_MS);
  }
  for (const code of [1011, 1013]) assert.equal(delayAfterClose(code, "", 40, 1, true), MAX_DELAY_MS);
  assert.equal(delayAfterClose(4429, "", 40, 1, true), 5_000 + MAX_DELAY_MS);
  assert.equal(delayAfterAdmission(0, 40, 1, true), MAX_VISIBLE_DELAY_MS);
  assert.equal(delayAfterAdmission(0, 40, 1, false), MAX_DELAY_MS);
  assert.equal(delayAfterAdmission(3_000, 40, 0.5, true), 3_000 + MAX_DELAY_MS / 2);
});

test("whoever types does not wait, but tries once a second at most", () => {
  assert.ok(!mayNudge(10_000, 9_500));
  assert.ok(mayNudge(10_500, 9_500));
});

test("a silent socket is asked, then given up", () => {
  const dog = new Watchdog(0);
  assert.equal(dog.check(PING_INTERVAL_MS - 1), null);
  assert.equal(dog.check(PING_INTERVAL_MS), "ping");
  assert.equal(dog.check(PING_INTERVAL_MS + PONG_DEADLINE_MS - 1), null);
  assert.equal(dog.check(PING_INTERVAL_MS + PONG_DEADLINE_MS), "dead");
});

test("any frame after the ping is a sign of life", () => {
  const dog = new Watchdog(0);
  assert.equal(dog.check(PING_INTERVAL_MS), "ping");
  dog.heard();
  assert.equal(dog.check(PING_INTERVAL_MS + PONG_DEADLINE_MS), null);
  assert.equal(dog.check(2 * PING_INTERVAL_MS), "ping");
});

test("after a sleep the socket is asked before it is given up", () => {
  const dog = new Watchdog(0);
  const awake = 3_600_000;
  assert.equal(dog.check(awake), "ping");
  assert.equal(dog.check(awake + 1_000), null);
  assert.equal(dog.check(awake + PONG_DEADLINE_MS), "dead");
});

test("doubt asks at once, waits less, and never gives a silent socket more time", () => {
  const dog = new Watchdog(0);
  assert.equal(dog.suspect(100), "ping");
  assert.equal(dog.suspect(2_000), "ping");
  assert.equal(dog.check(100 + DOUBT_DEADLINE_MS - 1), null);
  assert.equal(dog.check(100 + DOUBT_DEADLINE_MS), "dead");
});
