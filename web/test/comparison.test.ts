import assert from "node:assert/strict";
import { test } from "node:test";
import { blockSteps, likeness } from "../src/history/blockdiff";
import {
  changesOf,
  correspondences,
  inNormalText,
  paragraphsAround,
  shownRemoved,
  stepTo,
  type Change,
  type Span,
} from "../src/history/comparison";
import { normalText } from "../src/newlines";

/** The older text again, from the newer one and what is marked in it. */
function undo(text: string, changes: readonly Change[]): string {
  let before = "";
  let at = 0;
  for (const { from, to, removed } of changes) {
    before += text.slice(at, from) + removed;
    at = to;
  }
  return before + text.slice(at);
}

function apply(before: string, ops: readonly Span[]): string {
  let [text, at] = ["", 0];
  for (const { retain = 0, insert = "", delete: removed = 0 } of ops) {
    text += before.slice(at, at + retain) + insert;
    at += retain + removed;
  }
  return text + before.slice(at);
}

test("an insertion, a deletion and a replacement are one change each", () => {
  const before = "one two three";
  const ops = [{ retain: 3 }, { insert: "!" }, { delete: 4 }, { retain: 1 }, { insert: "X" }];
  assert.deepEqual(changesOf(before, ops), [
    { from: 3, to: 4, removed: " two" },
    { from: 5, to: 6, removed: "" },
  ]);
});

test("no edit is no change", () => {
  assert.deepEqual(changesOf("text", []), []);
  assert.deepEqual(changesOf("text", [{ retain: 4 }]), []);
});

test("what is marked leads from the newer text back to the older one, for random edits", () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 500; round++) {
    const before = Array.from({ length: random(40) }, () => "ab😀\n"[random(5)]).join("");
    const ops: Span[] = [];
    for (let left = before.length; left > 0; ) {
      const length = 1 + random(left);
      ops.push([{ retain: length }, { delete: length }, { insert: "xyz".slice(random(3)) }][random(3)]!);
      if (ops[ops.length - 1]!.insert === undefined) left -= length;
    }
    const now = apply(before, ops);
    const changes = changesOf(before, ops);
    assert.equal(undo(now, changes), before);
    correspondences(changes).forEach(({ fromA, toA, fromB, toB }, index) => {
      assert.equal(before.slice(fromA, toA), changes[index]!.removed);
      assert.deepEqual([fromB, toB], [changes[index]!.from, changes[index]!.to]);
    });
    changes.forEach(({ from }, index) => assert.ok(index === 0 || from > changes[index - 1]!.to, "apart, and in order"));
  }
});

test("places in an old text are those of the text without carriage returns", () => {
  const text = "\ufeffone\r\ntwo\r\nthree";
  const changes = changesOf("\ufeffone\r\nthree", [{ retain: 6 }, { insert: "two\r\n" }]);
  const [change] = inNormalText(text, changes);
  assert.equal(normalText(text).slice(change!.from, change!.to), "two\n");
});

test("steps go around the ends", () => {
  assert.equal(stepTo(0, null, 1), null);
  assert.equal(stepTo(3, null, 1), 0);
  assert.equal(stepTo(3, null, -1), 2);
  assert.equal(stepTo(3, 2, 1), 0);
  assert.equal(stepTo(3, 0, -1), 2);
});

test("long removed text is shown in part, never with half a character", () => {
  assert.deepEqual(shownRemoved("short"), { text: "short", hidden: 0 });
  const { text, hidden } = shownRemoved(`x${"😀".repeat(3_000)}`);
  assert.equal(text.length + hidden, 6_001);
  assert.match(text, /^x(?:😀)+$/u);
});

const kinds = (steps: ReturnType<typeof blockSteps>): string[] =>
  steps.map((step) => `${step.kind} ${"before" in step ? step.before : "-"} ${"now" in step ? step.now : "-"}`);

test("a block that is like a removed one is that one, changed", () => {
  const changes = [
    { added: false, removed: false, count: 1 },
    { added: false, removed: true, count: 2 },
    { added: true, removed: false, count: 2 },
    { added: false, removed: false, count: 1 },
  ];
  const alike = (before: number, now: number): number => (before === 2 && now === 1 ? 1 : 0);
  assert.deepEqual(kinds(blockSteps(changes, alike)), ["kept 0 0", "removed 1 -", "changed 2 1", "added - 2", "kept 3 3"]);
});

test("every block of both renderings is there once, in order", () => {
  const changes = [
    { added: true, removed: false, count: 3 },
    { added: false, removed: true, count: 4 },
  ];
  const steps = blockSteps(changes, (before, now) => ((before + now) % 2 === 0 ? 1 : 0));
  assert.deepEqual(steps.flatMap((step) => ("now" in step ? [step.now] : [])), [0, 1, 2]);
  assert.deepEqual(steps.flatMap((step) => ("before" in step ? [step.before] : [])), [0, 1, 2, 3]);
});

test("likeness counts shared words, each as often as it is there", () => {
  assert.equal(likeness("", ""), 1);
  assert.equal(likeness("one two", "one two"), 1);
  assert.equal(likeness("one one one", "one"), 1 / 3);
  assert.equal(likeness("one", "two"), 0);
});

test("the paragraphs around a change are those of the older text, whole", () => {
  const text = "# One\n\nThe old words.\nMore of it.\n\n\nLast  \n";
  const at = (part: string): number => text.indexOf(part);
  assert.equal(paragraphsAround(text, at("old"), at("old") + 3), "The old words.\nMore of it.");
  assert.equal(paragraphsAround(text, 0, 0), "# One");
  assert.equal(paragraphsAround(text, at("Last"), text.length), "Last");
  assert.equal(paragraphsAround(text, at("More"), at("Last") + 1), "The old words.\nMore of it.\n\n\nLast");
  assert.equal(paragraphsAround("", 0, 0), "");
  assert.equal(paragraphsAround("only", 2, 3), "only");
});
