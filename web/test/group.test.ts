import assert from "node:assert/strict";
import { test } from "node:test";
import { dayOf, groupEvents, mergeEvents, type HistoryEvent } from "../src/history/group";

const MINUTE = 60_000;
const event = (version: number, author: string, minute: number): HistoryEvent => ({
  version,
  actor: { id: author, name: author },
  at: minute * MINUTE,
  type: "text_insert",
});

test("consecutive events of one author are one sitting", () => {
  const sittings = groupEvents([event(4, "ana", 9), event(3, "ana", 8), event(2, "ben", 7), event(1, "ana", 7)]);
  assert.deepEqual(
    sittings.map(({ actor, first, last, events }) => [actor.id, first, last, events]),
    [
      ["ana", 3, 4, 2],
      ["ben", 2, 2, 1],
      ["ana", 1, 1, 1],
    ],
  );
});

test("a pause or a long time ends a sitting", () => {
  const paused = groupEvents([event(2, "ana", 10), event(1, "ana", 4)]);
  assert.equal(paused.length, 2);
  const long = groupEvents([...Array(30).keys()].map((ago) => event(30 - ago, "ana", 100 - ago)));
  assert.equal(long.length, 2);
  assert.equal(long[0]?.last, 30);
});

test("days follow the local clock", () => {
  const justBeforeMidnightUtc = 86_400_000 - 1;
  assert.equal(dayOf(justBeforeMidnightUtc, 0), 0);
  assert.equal(dayOf(justBeforeMidnightUtc, -60), 1);
});

test("pages of history merge without doubles, newest first", () => {
  const merged = mergeEvents([event(3, "a", 3), event(2, "a", 2)], [event(2, "a", 2), event(1, "a", 1)]);
  assert.deepEqual(merged.map(({ version }) => version), [3, 2, 1]);
});
