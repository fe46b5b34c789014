import assert from "node:assert/strict";
import { test } from "node:test";
import { saveState, type SaveFacts } from "../src/savestate";

const facts = (some: Partial<SaveFacts>): SaveFacts => ({
  live: true,
  loaded: true,
  version: 812,
  pending: 0,
  syncing: false,
  onDevice: true,
  dropped: false,
  doubted: false,
  writable: true,
  failures: 0,
  networkDown: false,
  stopped: false,
  ...some,
});

const words = (some: Partial<SaveFacts>): string => saveState(facts(some)).words;

test("saved is said only when nothing is pending on a live connection", () => {
  assert.equal(words({}), "Saved · version 812");
  assert.equal(words({ pending: 1 }), "Saving…");
  for (const live of [true, false]) {
    for (const pending of [0, 1, 3]) {
      for (const writable of [true, false]) {
        for (const failures of [0, 1, 5]) {
          for (const networkDown of [true, false]) {
            for (const [dropped, doubted] of [[false, false], [true, false], [false, true]] as const) {
              const state = saveState(facts({ live, pending, writable, failures, networkDown, dropped, doubted }));
              assert.equal(state.kind === "saved", live && pending === 0 && writable && !dropped && !doubted);
              assert.equal(state.words.startsWith("Saved"), state.kind === "saved");
            }
          }
        }
      }
    }
  }
});

test("a lost connection is reconnecting first and offline when that fails", () => {
  assert.equal(words({ live: false, failures: 1, pending: 3 }), "Reconnecting…");
  assert.equal(words({ live: false, failures: 2, pending: 3 }), "Offline – 3 edits kept on this device");
  assert.equal(words({ live: false, failures: 2, pending: 1 }), "Offline – 1 edit kept on this device");
  assert.equal(words({ live: false, failures: 2 }), "Offline");
  assert.equal(words({ live: false, networkDown: true, pending: 2 }), "Offline – 2 edits kept on this device");
});

test("the first connection is connecting", () => {
  assert.equal(words({ live: false, loaded: false }), "Connecting…");
});

test("read-only and stopped say what is not saved", () => {
  assert.equal(words({ writable: false }), "View only · version 812");
  assert.equal(words({ writable: false, pending: 2 }), "View only – 2 edits not saved, kept on this device");
  assert.equal(words({ stopped: true }), "Not connected");
  assert.equal(words({ stopped: true, pending: 1 }), "Not connected – 1 edit not saved, kept on this device");
});

test("what is only in this tab is never said to be on the device", () => {
  for (const some of [{ live: false, failures: 3 }, { writable: false }, { stopped: true }]) {
    assert.match(words({ ...some, pending: 2, onDevice: false }), /kept in this tab only$/);
    assert.match(words({ ...some, pending: 2, onDevice: true }), /kept on this device$/);
  }
});

test("edits of a time offline are counted while they are sent", () => {
  assert.equal(words({ pending: 42, syncing: true }), "Syncing 42 edits…");
});

test("an address without a document says so while it is connected and nothing is written", () => {
  const absent = { absent: true, live: false, loaded: true, failures: 0, pending: 0 } as const;
  assert.deepEqual(saveState(facts(absent)), { kind: "absent", words: "Not created yet" });
  assert.equal(saveState(facts({ ...absent, pending: 1 })).kind, "saving");
  assert.equal(saveState(facts({ ...absent, failures: 1 })).kind, "reconnecting");
  assert.equal(saveState(facts({ ...absent, failures: 2, pending: 1 })).kind, "offline");
});
