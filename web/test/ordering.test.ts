import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderingBuffer, type Range } from "../src/ordering";

const range = (from: number, to = from): Range<string> => ({ from, to, item: `${from}-${to}` });
const items = (ranges: readonly Range<string>[]): string[] => ranges.map(({ item }) => item);

test("ranges in order are handed out at once", () => {
  const order = new OrderingBuffer<string>(10);
  assert.deepEqual(items(order.offer(range(11))), ["11-11"]);
  assert.deepEqual(items(order.offer(range(12, 15))), ["12-15"]);
  assert.equal(order.version, 15);
  assert.equal(order.gap, null);
});

test("what is known is dropped, what overlaps is handed out", () => {
  const order = new OrderingBuffer<string>(10);
  assert.deepEqual(order.offer(range(3, 10)), []);
  assert.deepEqual(items(order.offer(range(8, 12))), ["8-12"]);
  assert.deepEqual(order.offer(range(5, 4)), []);
  assert.equal(order.version, 12);
});

test("what is early waits, names the gap, and is drained in order", () => {
  const order = new OrderingBuffer<string>(0);
  assert.deepEqual(order.offer(range(5, 6)), []);
  assert.deepEqual(order.offer(range(3)), []);
  assert.deepEqual(order.gap, { after: 0, upto: 2 });
  assert.deepEqual(items(order.offer(range(1, 2))), ["1-2", "3-3"]);
  assert.deepEqual(order.gap, { after: 3, upto: 4 });
  assert.deepEqual(items(order.offer(range(2, 4))), ["2-4", "5-6"]);
  assert.equal(order.gap, null);
});

test("held ranges that a later one covers are dropped", () => {
  const order = new OrderingBuffer<string>(0);
  order.offer(range(3));
  assert.deepEqual(items(order.offer(range(1, 4))), ["1-4"]);
  assert.equal(order.version, 4);
  assert.equal(order.gap, null);
});

test("too much held is dropped and asked for again", () => {
  const order = new OrderingBuffer<string>(0, 3);
  for (const version of [3, 5, 7, 9]) order.offer(range(version));
  assert.deepEqual(order.gap, { after: 0, upto: 9 });
  assert.deepEqual(items(order.offer(range(1, 9))), ["1-9"]);
  assert.equal(order.gap, null);
});

test("restart forgets what was held", () => {
  const order = new OrderingBuffer<string>(0);
  order.offer(range(5));
  order.restart(0);
  assert.equal(order.gap, null);
  assert.deepEqual(items(order.offer(range(1, 4))), ["1-4"]);
  assert.equal(order.version, 4);
});

test("any order of any cover ends at the last version, each range at most once", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 500; round++) {
    const ranges: Range<string>[] = [];
    for (let from = 1; from <= 30; ) {
      const to = Math.min(30, from + random(4));
      ranges.push(range(from, to));
      if (random(3) === 0) ranges.push(range(Math.max(1, from - random(3)), to));
      from = to + 1;
    }
    for (let index = ranges.length - 1; index > 0; index--) {
      const other = random(index + 1);
      [ranges[index], ranges[other]] = [ranges[other]!, ranges[index]!];
    }
    const order = new OrderingBuffer<string>(0);
    let shown = 0;
    for (const one of ranges) {
      for (const due of order.offer(one)) {
        assert.ok(due.from <= shown + 1 && due.to > shown);
        shown = due.to;
      }
      assert.equal(shown, order.version);
    }
    assert.equal(order.version, 30);
    assert.equal(order.gap, null);
  }
});
