import assert from "node:assert/strict";
import { test } from "node:test";

import { ratesBetween, readOverview, type Seen } from "../src/admin/overview";

const PROCESS = {
  name: "ab12",
  connections: { quire: 2, hocuspocus: 1 },
  documents: 3,
  events: 10,
  deliveries: 40,
  waiting_bytes: 5,
  lagging: 1,
  cut: 2,
  memory_bytes: 7_000_000,
  redis: false,
};

test("the figures of all processes are added up", () => {
  const overview = readOverview({ processes: [PROCESS, { ...PROCESS, redis: null }], refusals: { a: 1, none: 0, b: 3 } });
  assert.equal(overview.connections, 6);
  assert.deepEqual([...overview.dialects], [["quire", 4], ["hocuspocus", 2]]);
  assert.equal(overview.events, 20);
  assert.deepEqual(overview.processes.map(({ redis }) => redis), [false, null]);
  assert.deepEqual(overview.refusals, [["b", 3], ["a", 1]]);
});

test("an answer of any other shape is an empty overview", () => {
  for (const value of [null, 7, "x", [], {}, { processes: [null, 3], slowest: [null], refusals: [1] }]) {
    const overview = readOverview(value);
    assert.equal(overview.connections, 0);
    assert.equal(overview.events, 0);
  }
});

test("rates are those between two overviews, and none after a restart", () => {
  const seen = (events: number, atMs: number): Seen => ({
    overview: readOverview({ processes: [{ ...PROCESS, events, deliveries: events * 2 }] }),
    atMs,
  });
  assert.deepEqual(ratesBetween(seen(10, 0), seen(30, 2_000)), { edits: 10, messages: 20 });
  assert.equal(ratesBetween(null, seen(30, 2_000)), null);
  assert.equal(ratesBetween(seen(30, 0), seen(10, 2_000)), null);
  assert.equal(ratesBetween(seen(10, 5), seen(30, 5)), null);
});
