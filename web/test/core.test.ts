import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { GAP_PATIENCE_MS } from "../src/provider/catchup";
import { ABSENT_LOOK_MS } from "../src/provider/core";
import { ACK_PATIENCE_MS, RETRY_DELAY_MS } from "../src/provider/outgoing";
import { CHECK_IDLE_MS, CHECK_INTERVAL_MS } from "../src/provider/textcheck";
import { NO_HISTORY } from "../src/device/record";
import { FakeServer } from "./fakeserver";
import { Tab } from "./harness";

function open(server: FakeServer, tag = "a"): Tab {
  const tab = new Tab(server, tag);
  tab.connect();
  tab.settle();
  return tab;
}

const updatesSent = (tab: Tab) => tab.sent.flatMap((message) => (message.type === "update" ? [message] : []));
const joinsSent = (tab: Tab) => tab.sent.flatMap((message) => (message.type === "join" ? [message] : []));

test("a tab opens a document and shows its text and version", () => {
  const server = new FakeServer();
  server.write((text) => text.insert(0, "hello"));
  const tab = open(server);
  assert.equal(tab.text, "hello");
  assert.deepEqual(
    [tab.view.phase, tab.view.version, tab.view.role, tab.view.epoch],
    ["live", 1, "editor", "e1"],
  );
});

test("nothing counts as loaded before the first state", () => {
  const tab = new Tab(new FakeServer(), "a");
  tab.connect();
  tab.deliverUp();
  assert.equal(tab.view.loaded, false);
  tab.settle();
  assert.equal(tab.view.loaded, true);
});

/** An address where there is no document, as it looks to somebody who may create one. */
function absent(server: FakeServer, tag = "a"): Tab {
  server.exists = false;
  const tab = new Tab(server, tag);
  tab.connect();
  tab.settle();
  return tab;
}

test("an address that is only looked at makes no document, however long", () => {
  const server = new FakeServer();
  const tab = absent(server);
  assert.deepEqual([tab.view.phase, tab.view.absent, tab.view.loaded], ["absent", true, true]);
  tab.wait(ABSENT_LOOK_MS * 3);
  tab.settle();
  tab.cut();
  tab.connect();
  tab.settle();
  assert.equal(server.exists, false);
  assert.ok(joinsSent(tab).length >= 2);
  assert.ok(joinsSent(tab).every(({ create }) => create === false));
});

test("the first edit makes the document, and is in it", () => {
  const server = new FakeServer();
  const tab = absent(server);
  tab.type(0, "x");
  tab.type(1, "y");
  tab.settle();
  assert.deepEqual([server.exists, server.text, tab.text], [true, "xy", "xy"]);
  assert.deepEqual([tab.view.phase, tab.view.absent, tab.view.pending], ["live", false, 0]);
  assert.deepEqual(tab.kept, []);
});

test("two who write first at once share one document", () => {
  const server = new FakeServer();
  const [ana, ben] = [absent(server, "a"), absent(server, "b")];
  ana.type(0, "A");
  ben.type(0, "B");
  ana.settle();
  ben.settle();
  ana.settle();
  assert.ok(["AB", "BA"].includes(server.text));
  assert.deepEqual([ana.text, ben.text], [server.text, server.text]);
  assert.deepEqual([...ana.kept, ...ben.kept], []);
});

test("what was typed offline at a new address makes the document when the connection is back", () => {
  const server = new FakeServer();
  const tab = absent(server);
  tab.cut();
  tab.type(0, "x");
  tab.connect();
  tab.settle();
  assert.deepEqual([server.text, tab.view.pending, tab.kept], ["x", 0, []]);
});

test("what a tab that is gone has typed at a new address makes the document at once", () => {
  const server = new FakeServer();
  const tab = absent(server);
  const gone = new Tab(server, "b");
  gone.type(0, "x");
  tab.adopt(NO_HISTORY, gone.pendingEdits);
  tab.settle();
  assert.deepEqual([server.text, tab.view.phase, tab.view.pending], ["x", "live", 0]);
});

test("whoever looks at a new address sees what somebody else makes of it", () => {
  const server = new FakeServer();
  const tab = absent(server);
  server.exists = true;
  server.write((text) => text.insert(0, "hello"));
  tab.wait(ABSENT_LOOK_MS);
  tab.settle();
  assert.deepEqual([tab.text, tab.view.phase, tab.kept], ["hello", "live", []]);
});

test("the button makes a document that is empty", () => {
  const server = new FakeServer();
  const tab = absent(server);
  tab.handle({ type: "create_asked" });
  tab.settle();
  assert.deepEqual([server.exists, server.version, tab.view.phase], [true, 0, "live"]);
});

test("a document that was made and hidden meanwhile keeps what was typed at its address", () => {
  const server = new FakeServer();
  const tab = absent(server);
  server.isOpen = false;
  tab.type(0, "x");
  tab.settle();
  assert.deepEqual([tab.view.phase, tab.view.stopped?.cause, tab.view.pending], ["stopped", "refused", 1]);
  assert.equal(tab.text, "x");
});

test("a document that is gone is not made again by a tab that still has it open", () => {
  const server = new FakeServer();
  const tab = new Tab(server, "a");
  tab.connect();
  tab.settle();
  tab.cut();
  server.exists = false;
  tab.connect();
  tab.settle();
  assert.deepEqual([server.exists, tab.view.stopped?.cause], [false, "refused"]);
});

test("an edit is pending until its ack and then has a version", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  assert.equal(tab.view.pending, 1);
  tab.deliverUp();
  assert.equal(tab.view.pending, 1);
  tab.deliverDown();
  assert.deepEqual([tab.view.pending, tab.view.version, server.text], [0, 1, "x"]);
});

test("an edit whose ack was lost is sent again, verbatim under its id, and logged once", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  tab.deliverUp();
  tab.cut();
  tab.type(1, "y");
  tab.connect();
  tab.settle();
  const [first, again, next] = updatesSent(tab);
  assert.deepEqual(first, again);
  assert.notEqual(next?.id, first?.id);
  assert.deepEqual([server.version, server.text, tab.view.pending, tab.view.version], [2, "xy", 0, 2]);
});

test("edits made offline go out as one submission, after what was in flight", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "a");
  tab.cut();
  for (const letter of "bcd") tab.type(tab.text.length, letter);
  assert.equal(tab.view.pending, 4);
  server.write((text) => text.insert(0, "> "));
  tab.connect();
  tab.settle();
  assert.equal(server.version, 3);
  assert.ok(["> abcd", "abcd> "].includes(server.text), "two insertions at one place");
  assert.equal(tab.text, server.text);
  assert.equal(tab.view.pending, 0);
});

test("a long stay offline is split by the message limit", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.cut();
  for (let count = 0; count < 10; count++) tab.type(0, "x".repeat(3_000));
  tab.connect();
  tab.settle();
  assert.equal(server.text.length, 30_000);
  assert.ok(updatesSent(tab).every(({ update }) => update.length <= 7_000));
  assert.ok(updatesSent(tab).length < 10);
});

test("a returning tab asks for what it missed by version and epoch", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.write((text) => text.insert(0, "one"));
  tab.settle();
  tab.cut();
  server.write((text) => text.insert(3, " two"));
  tab.connect();
  tab.settle();
  assert.deepEqual(joinsSent(tab)[1], { type: "join", doc: "notes", mode: "yjs", since: 1, epoch: "e1", create: false });
  assert.deepEqual([tab.text, tab.view.version], ["one two", 2]);
});

test("a tab is not live before its replay is complete", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.cut();
  server.write((text) => text.insert(0, "one"));
  tab.connect();
  while (tab.deliverUp());
  tab.deliverDown(); // auth_ok
  while (tab.deliverUp());
  tab.deliverDown(); // joined
  assert.equal(tab.view.phase, "joining");
  tab.deliverDown();
  assert.equal(tab.view.phase, "live");
});

test("a full state of the known epoch is merged and keeps pending edits", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.cut();
  tab.type(0, "mine");
  server.write((text) => text.insert(0, "theirs"));
  tab.connect();
  tab.deliverUp();
  tab.deliverDown();
  tab.receive({
    type: "joined",
    doc: "notes",
    epoch: "e1",
    version: server.version,
    role: "editor",
    recovered: false,
    members: [],
    state: server.state(),
  });
  assert.deepEqual(tab.kept, []);
  tab.settle();
  assert.equal(tab.text, server.text);
  assert.equal(tab.text.length, "minetheirs".length);
});

test("another epoch replaces the replica and keeps a copy of the text", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "lost");
  tab.cut();
  const restored = new FakeServer();
  restored.write((text) => text.insert(0, "backup"));
  server.epoch = "e2";
  server.log = restored.log;
  tab.connect();
  tab.settle();
  assert.deepEqual(tab.kept, [{ text: "lost", reason: "epoch" }]);
  assert.deepEqual([tab.text, tab.view.version, tab.view.pending], ["backup", 1, 0]);
  tab.type(0, "new ");
  tab.settle();
  assert.equal(server.text, "new backup");
});

test("updates that come early wait and a gap that stays is asked for", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.write((text) => text.insert(0, "one"));
  tab.loseDown();
  server.write((text) => text.insert(3, " two"));
  tab.settle();
  assert.deepEqual([tab.text, tab.view.version], ["", 0]);
  tab.wait(GAP_PATIENCE_MS + 1_000);
  tab.settle();
  assert.deepEqual([tab.text, tab.view.version, tab.view.phase], ["one two", 2, "live"]);
  assert.equal(tab.reconnects, 0);
});

test("doubled updates change nothing", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.write((text) => text.insert(0, "one"));
  const frames = tab.loseDown();
  for (const message of [...frames, ...frames]) tab.receive(message);
  assert.deepEqual([tab.text, tab.view.version], ["one", 1]);
});

test("an ack that comes before the versions below it waits for them", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.write((text) => text.insert(0, "one"));
  tab.type(0, "x");
  tab.deliverUp();
  const [update, ack] = tab.loseDown();
  assert.ok(update && ack);
  tab.receive(ack);
  assert.deepEqual([tab.view.version, tab.view.pending], [0, 0]);
  tab.receive(update);
  assert.equal(tab.view.version, 2);
});

test("a resync is answered with everything that the server lacks", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "lost");
  server.log = [];
  tab.deliverUp();
  tab.settle();
  server.log = []; // as if the first edit had never come
  tab.type(4, "!");
  tab.settle();
  assert.equal(server.text, "lost!");
  assert.ok(updatesSent(tab).length >= 3);
});

test("a store that fails is tried again with the same bytes", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.storeFails = true;
  tab.type(0, "x");
  tab.settle();
  assert.deepEqual([tab.view.storeTrouble, tab.view.pending], [true, 1]);
  tab.type(1, "y");
  server.storeFails = false;
  tab.wait(RETRY_DELAY_MS + 1_000);
  tab.settle();
  assert.deepEqual([server.text, tab.view.pending, tab.view.storeTrouble], ["xy", 0, false]);
});

test("a throttle waits as long as it is told", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  const id = updatesSent(tab)[0]?.id ?? "";
  tab.receive({ type: "error", code: "rate_limited", message: "", retryable: true, id, retry_after_s: 10 });
  tab.wait(9_000);
  assert.equal(updatesSent(tab).length, 1);
  tab.wait(2_000);
  assert.equal(updatesSent(tab).length, 2);
});

test("an edit that the server refuses ends in the server's text and a copy of ours", () => {
  const server = new FakeServer();
  server.write((text) => text.insert(0, "good "));
  const tab = open(server);
  tab.type(5, "bad");
  const id = updatesSent(tab)[0]?.id ?? "";
  tab.receive({ type: "error", code: "document_full", message: "", retryable: false, doc: "notes", id });
  tab.type(0, "more ");
  tab.cut();
  tab.connect();
  tab.settle();
  assert.deepEqual(tab.kept, [{ text: "more good bad", reason: "full" }]);
  assert.deepEqual([tab.text, tab.view.pending], ["good ", 0]);
  tab.type(0, "so ");
  tab.settle();
  assert.equal(server.text, "so good ");
});

test("the answer to an earlier join does not stand for the one that brings the state", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "bad");
  const id = updatesSent(tab)[0]?.id ?? "";
  tab.receive({ type: "error", code: "document_full", message: "", retryable: false, doc: "notes", id });
  const joined = { type: "joined", doc: "notes", epoch: "e1", version: 0, role: "editor", members: [] } as const;
  tab.receive({ ...joined, recovered: true });
  assert.deepEqual([tab.view.phase, tab.text], ["joining", "bad"]);
  tab.receive({ ...joined, recovered: false, state: server.state() });
  assert.deepEqual([tab.view.phase, tab.text, tab.kept.length], ["live", "", 1]);
});

test("an update that the server gave up on is offered again, then counts as refused", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  for (let count = 0; count < 4; count++) {
    const id = updatesSent(tab).at(-1)?.id ?? "";
    tab.receive({ type: "error", code: "malformed_update", message: "", retryable: true, doc: "notes", id });
    if (count < 3) tab.receive({
      type: "joined",
      doc: "notes",
      epoch: "e1",
      version: 0,
      role: "editor",
      recovered: true,
      members: [],
    });
  }
  assert.equal(updatesSent(tab).length, 4);
  assert.deepEqual(joinsSent(tab).at(-1), { type: "join", doc: "notes", mode: "yjs", create: false });
});

test("edits stay pending while the role forbids writing, and go out when it allows it", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.receive({ type: "role", doc: "notes", role: "viewer" });
  tab.type(0, "x");
  tab.settle();
  assert.deepEqual([server.version, tab.view.pending], [0, 1]);
  tab.receive({ type: "role", doc: "notes", role: "editor" });
  tab.settle();
  assert.deepEqual([server.text, tab.view.pending], ["x", 0]);
});

test("an ack that does not come on a living socket is asked for again", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  tab.deliverUp();
  tab.loseDown();
  tab.wait(ACK_PATIENCE_MS + 1_000);
  tab.settle();
  assert.deepEqual([server.version, tab.view.pending, tab.view.version], [1, 0, 1]);
  assert.equal(joinsSent(tab).length, 2);
});

test("an idle tab checks its text once per version", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  tab.settle();
  tab.wait(CHECK_IDLE_MS + 1_000);
  const checks = tab.sent.filter((message) => message.type === "check");
  assert.deepEqual(checks[0], {
    type: "check",
    doc: "notes",
    version: 1,
    hash: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
  });
  tab.settle();
  tab.wait(3 * CHECK_INTERVAL_MS);
  assert.equal(tab.sent.filter((message) => message.type === "check").length, 1);
});

test("a divergence is found and healed from the server", () => {
  const server = new FakeServer();
  server.write((text) => text.insert(0, "truth"));
  const tab = open(server);
  tab.replica.apply(strayUpdate("drift"));
  tab.wait(CHECK_INTERVAL_MS);
  tab.settle();
  assert.deepEqual(tab.kept.map(({ reason }) => reason), ["diverged"]);
  assert.deepEqual([tab.text, tab.view.version], ["truth", 1]);
  tab.type(0, "the ");
  tab.settle();
  assert.equal(server.text, "the truth");
});

test("a divergence waits for edits that are on their way", () => {
  const server = new FakeServer();
  server.write((text) => text.insert(0, "truth"));
  const tab = open(server);
  tab.type(5, "!");
  tab.receive({ type: "diverged", doc: "notes", version: 1, state: server.state() });
  assert.deepEqual(tab.kept, []);
  tab.settle();
  assert.equal(server.text, "truth!");
});

test("whoever comes back as another user writes under another CRDT client id", () => {
  const server = new FakeServer();
  const tab = open(server, "a");
  tab.type(0, "x");
  tab.settle();
  tab.signInAs("b");
  tab.settle();
  tab.type(1, "y");
  tab.settle();
  assert.deepEqual(server.log.map(({ user }) => user), ["a", "b"]);
  assert.deepEqual([server.text, tab.view.pending, tab.view.user?.id], ["xy", 0, "b"]);
  assert.deepEqual(tab.kept, []);
});

test("what one user left unsent is kept as text when another signs in", () => {
  const server = new FakeServer();
  const tab = open(server, "a");
  tab.type(0, "saved ");
  tab.settle();
  tab.cut();
  tab.type(6, "unsent");
  tab.signInAs("b");
  tab.settle();
  assert.deepEqual(tab.kept, [{ text: "saved unsent", reason: "refused" }]);
  tab.type(0, "more ");
  tab.settle();
  assert.deepEqual([server.text, tab.view.pending], ["more saved ", 0]);
});

test("a session is extended on the open socket", () => {
  const server = new FakeServer();
  const tab = open(server, "a");
  tab.handle({ type: "refreshed", token: "a" });
  tab.type(0, "x");
  tab.settle();
  assert.equal(tab.sent.filter(({ type }) => type === "auth").length, 2);
  assert.deepEqual([server.text, tab.view.phase, joinsSent(tab).length], ["x", "live", 1]);
});

test("a role that is lowered while an edit is on its way loses nothing, and raised saves it", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "on its way");
  server.lower();
  tab.type(10, ", and typed before it was known");
  tab.settle();
  tab.type(0, "typed after: ");
  tab.settle();
  assert.deepEqual([server.version, tab.view.pending, tab.view.role], [0, 3, "viewer"]);
  assert.deepEqual([tab.kept, joinsSent(tab).length], [[], 1]);
  server.raise();
  tab.settle();
  assert.equal(server.text, "typed after: on its way, and typed before it was known");
  assert.deepEqual([tab.view.pending, tab.kept], [0, []]);
});

test("a viewer sees what others write around the edits that could not be saved", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "mine");
  server.lower();
  tab.settle();
  server.write((text) => text.insert(0, "theirs"));
  tab.settle();
  assert.match(tab.text, /mine/);
  assert.match(tab.text, /theirs/);
  assert.equal(tab.view.pending, 1);
});

test("edits that cannot be saved are given up when the user says so", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "unsaved");
  server.lower();
  tab.settle();
  tab.handle({ type: "given_up" });
  tab.settle();
  assert.deepEqual(tab.kept, [{ text: "unsaved", reason: "given-up" }]);
  assert.deepEqual([tab.text, tab.view.pending, tab.view.phase], ["", 0, "live"]);
});

test("access that is lost stops the tab and keeps its edits, until it is given back", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  server.lockOut();
  tab.settle();
  assert.deepEqual(
    [tab.view.phase, tab.view.stopped?.cause, tab.view.pending, tab.text],
    ["stopped", "refused", 1, "x"],
  );
  server.letIn();
  tab.handle({ type: "resumed" });
  tab.connect();
  tab.settle();
  assert.deepEqual([server.text, tab.view.pending], ["x", 0]);
});

test("access that is lost while nothing is written stops the tab too", () => {
  const server = new FakeServer();
  const tab = open(server);
  server.lockOut();
  tab.settle();
  assert.deepEqual([tab.view.phase, tab.view.stopped?.cause], ["stopped", "refused"]);
});

test("a ticket that is not taken leaves the rest to the close code", () => {
  const tab = new Tab(new FakeServer(), "a");
  tab.connect();
  tab.receive({ type: "error", code: "auth_failed", message: "", retryable: false });
  assert.equal(tab.view.phase, "authenticating");
});

test("a deleted document stops the tab and keeps its edits", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "x");
  tab.receive({ type: "error", code: "unknown_document", message: "", retryable: false, doc: "notes" });
  assert.equal(tab.view.phase, "stopped");
  assert.deepEqual([tab.view.pending, tab.text, tab.connected], [1, "x", false]);
  tab.handle({ type: "resumed" });
  tab.connect();
  tab.settle();
  assert.equal(server.text, "x");
});

test("an error about someone's cursor does not touch the document", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.receive({ type: "error", code: "forbidden", message: "", retryable: false, doc: "notes" });
  assert.equal(tab.view.phase, "live");
});

test("silence while joining opens another connection", () => {
  const tab = new Tab(new FakeServer(), "a");
  tab.connect();
  tab.wait(11_000);
  assert.equal(tab.reconnects, 1);
});

test("messages about other documents are ignored", () => {
  const tab = open(new FakeServer());
  tab.receive({ type: "role", doc: "other", role: "viewer" });
  assert.equal(tab.view.role, "editor");
});

test("tabs on a lossy network converge, and every edit is logged once", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = generator(seed);
    const server = new FakeServer();
    const tabs = ["a", "b", "c"].map((tag) => open(server, tag));
    const typed: string[] = [];
    for (let step = 0; step < 250; step++) {
      const tab = tabs[random(3)]!;
      const dice = random(20);
      if (dice < 6) {
        const mark = `<${typed.length}>`;
        typed.push(mark);
        tab.type(random(tab.text.length + 1), mark);
      } else if (dice < 12) tab.deliverUp();
      else if (dice < 17) tab.deliverDown();
      else if (dice === 17) tab.cut();
      else if (dice === 18 && !tab.connected) tab.connect();
      else tab.wait(1_000);
    }
    for (const tab of tabs) if (!tab.connected) tab.connect();
    for (let round = 0; round < 40; round++) {
      for (const tab of tabs) {
        tab.settle();
        tab.wait(1_000);
      }
    }
    for (const tab of tabs) {
      assert.deepEqual([tab.text, tab.view.pending, tab.view.version], [server.text, 0, server.version]);
      assert.deepEqual(tab.kept, []);
    }
    assert.equal(server.text.replace(/[^<]/g, "").length, typed.length, `seed ${seed}`);
    assert.equal(new Set(server.log.map(({ id }) => id)).size, server.version);
  }
});

function strayUpdate(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** Small deterministic random numbers below a bound. */
function generator(seed: number): (below: number) => number {
  let state = seed * 7919;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

test("after a sleep nothing is known before the server has answered once more", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.handle({ type: "woke" });
  assert.equal(tab.view.doubted, true);
  tab.receive({ type: "pong", at: "", nonce: 0 }); // the answer to an earlier ping
  tab.receive({ type: "pong", at: "" });
  assert.equal(tab.view.doubted, true);
  tab.settle();
  assert.equal(tab.view.doubted, false);
});

test("a socket that does not answer after a sleep is given up", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.handle({ type: "woke" });
  tab.wait(4_000);
  tab.handle({ type: "woke" });
  tab.wait(2_000);
  assert.equal(tab.reconnects, 1);
  assert.equal(tab.view.doubted, false);
});

test("an edit larger than a message goes in several, and the whole of it counts as one", () => {
  const server = new FakeServer();
  const tab = open(server);
  tab.type(0, "日👩".repeat(10_000));
  assert.equal(tab.view.pending, 1);
  tab.settle();
  assert.equal(server.text, "日👩".repeat(10_000));
  assert.deepEqual([tab.view.pending, tab.text === server.text], [0, true]);
  assert.ok(updatesSent(tab).length > 8);
  assert.ok(updatesSent(tab).every(({ update }) => update.length <= 7_000));
});

test("edits of a tab that is gone are sent at once, under the ids that they had", () => {
  const server = new FakeServer();
  const gone = open(server, "gone");
  gone.type(0, "sent");
  const update = updatesSent(gone)[0]?.update ?? new Uint8Array();
  gone.cut();
  const tab = open(server, "here");
  tab.adopt("e1", [{ key: -1, id: "gone.1", update, edits: 1 }]);
  assert.equal(tab.view.pending, 1);
  tab.settle();
  assert.deepEqual([server.text, server.log.map(({ id }) => id)], ["sent", ["gone.1"]]);
  assert.deepEqual([tab.text, tab.view.pending], ["sent", 0]);
});

test("a tab that begins with what its device had asks for the rest alone", () => {
  const server = new FakeServer();
  server.write((text) => text.insert(0, "one"));
  const state = server.state();
  server.write((text) => text.insert(3, " two"));
  const tab = new Tab(server, "a");
  tab.restore("e1", 1, [state]);
  assert.deepEqual([tab.text, tab.view.loaded, tab.view.version, tab.view.role], ["one", true, 1, "editor"]);
  tab.connect();
  tab.settle();
  assert.deepEqual([joinsSent(tab)[0]?.since, tab.text, tab.view.version], [1, "one two", 2]);
});
