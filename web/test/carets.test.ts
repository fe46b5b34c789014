import assert from "node:assert/strict";
import { test } from "node:test";
import { CaretActivity } from "../src/editor/caretactivity";
import { nameRows, selectionBoxes, type Box, type End } from "../src/editor/caretgeometry";

test("a caret is named for two seconds when it comes, and again only after a pause", () => {
  const activity = new CaretActivity();
  activity.note([{ client: 1, place: "a" }], 0);
  assert.deepEqual(activity.of(1, 1_000), { named: true, idle: false });
  assert.equal(activity.nextChange(0), 2_000);
  activity.note([{ client: 1, place: "b" }], 1_500);
  assert.equal(activity.of(1, 2_100).named, false, "goes on typing");
  activity.note([{ client: 1, place: "b" }], 9_000);
  assert.equal(activity.of(1, 9_000).named, false, "did not move");
  activity.note([{ client: 1, place: "c" }], 9_500);
  assert.equal(activity.of(1, 9_600).named, true);
});

test("a caret fades after half a minute without a move, and is forgotten when it goes", () => {
  const activity = new CaretActivity();
  activity.note([{ client: 1, place: "a" }], 0);
  assert.equal(activity.of(1, 29_999).idle, false);
  assert.equal(activity.of(1, 30_000).idle, true);
  assert.equal(activity.nextChange(2_000), 30_000);
  assert.equal(activity.nextChange(30_000), null);
  activity.note([], 31_000);
  activity.note([{ client: 1, place: "a" }], 32_000);
  assert.deepEqual(activity.of(1, 32_000), { named: true, idle: false });
});

const area: Box = { left: 0, top: 0, right: 100, bottom: 200 };
const end = (left: number, top: number, isRtl = false): End => ({ left, right: left, top, bottom: top + 10, isRtl });

test("a selection within a line is one box, over lines up to three", () => {
  assert.deepEqual(selectionBoxes(end(20, 50), end(60, 50), area), [{ left: 20, right: 60, top: 50, bottom: 60 }]);
  assert.deepEqual(selectionBoxes(end(20, 50), end(60, 90), area), [
    { left: 20, right: 100, top: 50, bottom: 60 },
    { left: 0, right: 100, top: 60, bottom: 90 },
    { left: 0, right: 60, top: 90, bottom: 100 },
  ]);
  assert.deepEqual(selectionBoxes(end(20, 50), end(60, 60), area).length, 2);
});

test("what is selected on both sides of what is shown fills it, with one box", () => {
  assert.deepEqual(selectionBoxes(null, null, area), [area]);
  assert.deepEqual(selectionBoxes(null, end(60, 90), area), [
    { left: 0, right: 100, top: 0, bottom: 90 },
    { left: 0, right: 60, top: 90, bottom: 100 },
  ]);
});

test("in a paragraph that runs to the left, a line is selected from its other side", () => {
  assert.deepEqual(selectionBoxes(end(20, 50, true), end(60, 60, true), area), [
    { left: 0, right: 20, top: 50, bottom: 60 },
    { left: 60, right: 100, top: 60, bottom: 70 },
  ]);
});

test("names at one place stand in rows, those apart do not", () => {
  const name = (left: number, top = 0): { left: number; top: number; width: number } => ({ left, top, width: 40 });
  assert.deepEqual(nameRows([name(0), name(0), name(10), name(45)]), [0, 1, 2, 0]);
  assert.deepEqual(nameRows([name(0), name(0, 20)]), [0, 0]);
});
