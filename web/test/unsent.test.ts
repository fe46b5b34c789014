/**
 * What is left on the device is sent one document at a time, and again until it is saved or stuck.
 *
 * Planted bugs that these tests were seen to catch: a second document is begun while one is on its way;
 * a stuck document is tried again and again; a pause that is never over; edits of a page that is open
 * count as left.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { elsewhereNotice } from "../src/page/notice";
import { leftovers, type Leftover } from "../src/unsent/leftover";
import {
  LIVE_WITHIN_MS,
  LONGEST_PAUSE_MS,
  PROGRESS_WITHIN_MS,
  SendingPlan,
  outcomeOf,
  type DeliveryFacts,
  type Outcome,
} from "../src/unsent/sendingplan";

const edit = (document: string, owner: string, edits = 1): { document: string; edit: { owner: string; edits: number } } => ({
  document,
  edit: { owner, edits },
});

test("what closed pages left is counted by document, what open pages send is not", () => {
  const stored = {
    edits: [edit("b", "gone", 3), edit("a", "gone"), edit("a", "here", 9), edit("b", "older", 2), edit("c", "here")],
    texts: ["a", "d"],
  };
  assert.deepEqual(leftovers(stored, new Set(["here"])), [
    { document: "a", edits: 1, texts: 1 },
    { document: "b", edits: 5, texts: 0 },
    { document: "d", edits: 0, texts: 1 },
  ]);
  assert.equal(leftovers(stored, null).find(({ document }) => document === "a")?.edits, 10);
});

test("a piece of an edit that is left alone counts as one", () => {
  assert.deepEqual(leftovers({ edits: [edit("a", "gone", 0), edit("a", "gone", 0)], texts: [] }, new Set()), [
    { document: "a", edits: 1, texts: 0 },
  ]);
});

const left = (document: string, edits = 1): Leftover => ({ document, edits, texts: 0 });

test("stuck edits are not tried again by this page, unless there are more", () => {
  const plan = new SendingPlan();
  assert.equal(plan.next([left("a")], 0)?.document, "a");
  plan.ended("stuck", 10);
  assert.equal(plan.next([left("a")], 1e9), null);
  assert.ok(plan.isStuck(left("a")));
  assert.equal(plan.next([left("a", 2)], 1e9)?.edits, 2);
});

test("a network that is back ends all pauses, but frees nothing that is stuck", () => {
  const plan = new SendingPlan();
  plan.next([left("a")], 0);
  plan.ended("later", 0);
  plan.next([left("b")], 0);
  plan.ended("stuck", 0);
  assert.equal(plan.next([left("a"), left("b")], 1), null);
  plan.hurry();
  assert.equal(plan.next([left("b"), left("a")], 1)?.document, "a");
});

test("texts alone are never sent, and only the user can deal with them", () => {
  const plan = new SendingPlan();
  const text = { document: "a", edits: 0, texts: 1 };
  assert.equal(plan.next([text], 0), null);
  assert.ok(plan.isStuck(text));
});

test("one document at a time, each until it is saved or stuck, and no pause without an end", () => {
  const outcome = fc.constantFrom<Outcome>("sent", "later", "stuck");
  const history = fc.array(fc.tuple(outcome, fc.integer({ min: 0, max: 20_000 })), { maxLength: 60 });
  fc.assert(
    fc.property(history, (steps) => {
      const plan = new SendingPlan();
      const documents = new Map([["a", 1], ["b", 1], ["c", 1]]);
      const stuck = new Set<string>();
      const all = (): Leftover[] => [...documents].map(([document, edits]) => left(document, edits));
      let now = 0;
      for (const [came, passed] of steps) {
        now += passed;
        const next = plan.next(all(), now);
        if (next === null) continue;
        assert.ok(!stuck.has(next.document), "stuck, and tried again");
        assert.equal(plan.next(all(), now), null, "two at a time");
        assert.equal(plan.onItsWay, next);
        if (came === "sent") documents.delete(next.document);
        if (came === "stuck") stuck.add(next.document);
        plan.ended(came, now);
        assert.equal(plan.onItsWay, null);
      }
      // After the longest pause everything that can be sent goes.
      now += LONGEST_PAUSE_MS;
      const expected = [...documents.keys()].filter((document) => !stuck.has(document));
      for (const document of expected) {
        assert.equal(plan.next(all(), now)?.document, document);
        documents.delete(document);
        plan.ended("sent", now);
      }
      assert.equal(plan.next(all(), now), null);
    }),
  );
});

const FACTS: DeliveryFacts = { phase: "live", pending: 0, isWritable: true, stopped: null, tookMs: 0, stillMs: 0 };

test("a delivery ends when all is acknowledged, and never as sent while something is pending", () => {
  assert.equal(outcomeOf(FACTS), "sent");
  assert.equal(outcomeOf({ ...FACTS, phase: "absent" }), "sent");
  assert.equal(outcomeOf({ ...FACTS, pending: 2 }), null);
  assert.equal(outcomeOf({ ...FACTS, phase: "joining" }), null);
  assert.equal(outcomeOf({ ...FACTS, pending: 2, isWritable: false }), "stuck");
  assert.equal(outcomeOf({ ...FACTS, phase: "joining", isWritable: false }), null);
  assert.equal(outcomeOf({ ...FACTS, phase: "stopped", pending: 1, stopped: { cause: "refused", reason: "noDocument" } }), "stuck");
  assert.equal(outcomeOf({ ...FACTS, phase: "stopped", pending: 1, stopped: { cause: "signed-out", reason: "signedOut" } }), "later");
  assert.equal(outcomeOf({ ...FACTS, phase: "offline", pending: 1, tookMs: LIVE_WITHIN_MS }), "later");
  assert.equal(outcomeOf({ ...FACTS, pending: 1, tookMs: 1e6, stillMs: PROGRESS_WITHIN_MS }), "later");
  assert.equal(outcomeOf({ ...FACTS, pending: 1, tookMs: 1e6, stillMs: 0 }), null);
});

test("the bar names a few documents, leads to each, and is gone without any", () => {
  const deeds = { open: () => undefined, dismiss: () => undefined };
  assert.equal(elsewhereNotice([], String, deeds), null);
  const some = ["a", "b", "c", "d"].map((document) => ({ ...left(document, 2), isStuck: false }));
  const bar = elsewhereNotice(some, (name) => name.toUpperCase(), deeds);
  assert.equal(bar?.words, "Kept on this device, not saved yet: 2 edits in A, 2 edits in B, 2 edits in C …");
  assert.deepEqual(bar?.actions.map(({ label }) => label), ["Open A", "Open B", "Open C", "Dismiss"]);
});
