/** Edits on their way, and the small parts of a session beside them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CatchUp, GAP_PATIENCE_MS } from "../src/provider/catchup";
import { DOUBT_PATIENCE_MS, Doubt } from "../src/provider/doubt";
import { ACK_PATIENCE_MS, MAX_IN_FLIGHT, MAX_REJOINS_FOR_UPDATE, Outgoing, RETRY_DELAY_MS } from "../src/provider/outgoing";
import { CHECK_IDLE_MS, CHECK_INTERVAL_MS, TextCheck } from "../src/provider/textcheck";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

function outgoing(): { edits: Outgoing; sent: string[]; recorded: string[] } {
  const sent: string[] = [];
  const recorded: string[] = [];
  const edits = new Outgoing(
    { document: "d", tag: "t", merge: (updates) => bytes(...updates.flatMap((update) => [...update])), split: (update) => [update] },
    { submit: (id, update) => sent.push(`${id}:${[...update].join("")}`), record: ({ kind }) => recorded.push(kind) },
  );
  return { edits, sent, recorded };
}

const refusal = (id: string, retryable: boolean, code = "malformed_update"): Parameters<Outgoing["refuse"]>[0] => ({
  type: "error", code, message: "", retryable, id,
});

test("edits that wait are merged, sent once, and sent again with the same id and bytes", () => {
  const { edits, sent, recorded } = outgoing();
  edits.add(bytes(1));
  edits.add(bytes(2));
  edits.flush(0);
  edits.flush(0);
  assert.deepEqual(sent, ["t.1:12"]);
  assert.deepEqual(recorded, ["edited", "edited", "submitted"]);
  edits.resend();
  assert.deepEqual(sent, ["t.1:12", "t.1:12"]);
  assert.notEqual(edits.acknowledge("t.1", 5), null);
  assert.equal(edits.acknowledge("t.1", 5), null);
  assert.ok(edits.isEmpty);
});

test("acknowledgements tell how many of the user's own edits the server has", () => {
  const { edits } = outgoing();
  edits.adopt([{ key: -5, id: null, update: bytes(9), edits: 3 }]);
  edits.flush(0);
  edits.add(bytes(1));
  edits.add(bytes(2));
  edits.flush(0);
  edits.add(bytes(3));
  edits.answerResync(bytes(4));
  assert.deepEqual(edits.edits, { made: 3, stored: 0 });
  edits.acknowledge("t.1", 5);
  assert.deepEqual(edits.edits, { made: 3, stored: 0 });
  edits.acknowledge("t.2", 6);
  assert.deepEqual(edits.edits, { made: 3, stored: 2 });
  edits.acknowledge("t.3", 7);
  assert.deepEqual(edits.edits, { made: 3, stored: 2 });
});

test("no more than a window of submissions is on its way", () => {
  const { edits, sent } = outgoing();
  for (let count = 0; count < MAX_IN_FLIGHT + 5; count++) {
    edits.add(bytes(count % 10));
    edits.flush(0);
  }
  assert.equal(sent.length, MAX_IN_FLIGHT);
});

test("a retry that is waited for holds everything back until its time", () => {
  const { edits, sent } = outgoing();
  edits.retryLater(0, 100);
  edits.add(bytes(1));
  edits.flush(100);
  assert.deepEqual(sent, []);
  assert.equal(edits.retry(99 + RETRY_DELAY_MS), "waits");
  assert.equal(edits.retry(100 + RETRY_DELAY_MS), "due");
  edits.restart(5_000);
  edits.flush(5_000);
  assert.deepEqual(sent, ["t.1:1"]);
});

test("an edit that is refused for good, or too often, is given up with all that build on it", () => {
  const { edits } = outgoing();
  edits.add(bytes(1));
  edits.flush(0);
  assert.equal(edits.refuse(refusal("other", true)), false);
  for (let count = 0; count < MAX_REJOINS_FOR_UPDATE; count++) {
    assert.equal(edits.refuse(refusal("t.1", true)), true);
    assert.equal(edits.discard, null);
  }
  edits.refuse(refusal("t.1", true));
  assert.equal(edits.discard, "refused");
  assert.deepEqual(edits.drop(), [bytes(1)]);
  assert.equal(edits.discard, null);
  edits.add(bytes(2));
  edits.flush(0);
  edits.refuse(refusal("t.2", false, "document_full"));
  assert.equal(edits.discard, "full");
});

test("an answer that does not come is noticed, and only where one is waited for", () => {
  const { edits } = outgoing();
  assert.ok(!edits.isStalled(1e9));
  edits.add(bytes(1));
  edits.flush(10);
  assert.ok(!edits.isStalled(9 + ACK_PATIENCE_MS));
  assert.ok(edits.isStalled(10 + ACK_PATIENCE_MS));
});

test("what comes early waits, and a gap that lasts is noticed", () => {
  const log = new CatchUp();
  log.joining();
  log.aimAt(3);
  assert.deepEqual(log.offer(2, 3, bytes(2), 0), []);
  assert.ok(log.hasGap && !log.isStalled(GAP_PATIENCE_MS - 1) && log.isStalled(GAP_PATIENCE_MS));
  assert.equal(log.offer(1, 1, bytes(1), 5).length, 2);
  assert.ok(log.isComplete && !log.hasGap && !log.isStalled(1e9));
  log.joining();
  assert.ok(!log.isComplete);
  assert.equal(log.version, 3);
});

test("only the answer to the last question settles a doubt", () => {
  const doubt = new Doubt();
  const first = doubt.ask(0);
  const second = doubt.ask(1_000);
  doubt.answered(first);
  assert.ok(doubt.isOpen && doubt.isLost(DOUBT_PATIENCE_MS));
  doubt.answered(second);
  assert.ok(!doubt.isOpen && !doubt.isLost(1e9));
});

test("a version is compared once, after a pause", () => {
  const check = new TextCheck();
  check.active(100_000);
  assert.ok(!check.isDue(7, 99_999 + CHECK_IDLE_MS));
  assert.ok(check.isDue(7, 100_000 + CHECK_IDLE_MS));
  check.asked(105_000);
  assert.ok(!check.isDue(7, 104_999 + CHECK_INTERVAL_MS));
  check.agreed(7);
  assert.ok(!check.isDue(7, 1e9));
  assert.ok(check.isDue(8, 1e9));
});
