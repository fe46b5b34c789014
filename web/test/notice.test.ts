import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionNotice, deviceNotice, markedNotice, type NoticeActions } from "../src/page/notice";
import type { SessionView } from "../src/provider/sessionevent";

const nothing = (): void => undefined;
const ACTIONS: NoticeActions = {
  copy: nothing,
  create: nothing,
  tryAgain: nothing,
  signIn: nothing,
  saveAsNew: nothing,
  discard: nothing,
};

const LIVE: SessionView = {
  phase: "live",
  loaded: true,
  absent: false,
  version: 8,
  epoch: "e",
  pending: 0,
  role: "viewer",
  storeTrouble: false,
  maxChars: null,
  doubted: false,
  syncing: false,
  stopped: null,
  user: null,
  session: "s",
  members: [],
};

const labels = (view: SessionView, actions = ACTIONS): string[] =>
  connectionNotice(view, "read-only", false, true, actions)?.actions.map(({ label }) => label) ?? [];

test("a viewer sees no banner", () => {
  assert.equal(connectionNotice(LIVE, "read-only", false, true, ACTIONS), null);
});

test("whoever cannot edit since an operator said so is told that, and nobody else", () => {
  assert.match(markedNotice(true, "read-only")?.words ?? "", /not even its owner/);
  assert.equal(markedNotice(true, "saved"), null);
  assert.equal(markedNotice(false, "read-only"), null);
});

test("unsaved edits of a viewer can be copied, saved elsewhere and discarded", () => {
  const view = { ...LIVE, pending: 3 };
  assert.deepEqual(labels(view), ["Copy text", "Save as new document", "Discard"]);
  assert.match(connectionNotice(view, "read-only", false, true, ACTIONS)?.words ?? "", /3 edits of yours/);
});

test("whoever may not create documents is not offered one", () => {
  assert.deepEqual(labels({ ...LIVE, pending: 1 }, { ...ACTIONS, saveAsNew: null }), ["Copy text", "Discard"]);
});

test("whoever is signed out is offered to sign in, and the text if it is not saved", () => {
  const stopped = { cause: "signed-out", reason: "signedOut" } as const;
  assert.deepEqual(labels({ ...LIVE, phase: "stopped", stopped }), ["Sign in"]);
  assert.deepEqual(labels({ ...LIVE, phase: "stopped", stopped, pending: 1 }), ["Sign in", "Copy text"]);
});

test("a document that was taken away leaves what is not saved", () => {
  const stopped = { cause: "refused", reason: "noDocument" } as const;
  assert.deepEqual(labels({ ...LIVE, phase: "stopped", stopped, pending: 1 }), [
    "Copy text",
    "Save as new document",
    "Try again",
    "Discard",
  ]);
});

test("being offline is said only after a moment", () => {
  const view: SessionView = { ...LIVE, phase: "offline", role: "editor" };
  assert.equal(connectionNotice(view, "offline", false, true, ACTIONS), null);
  assert.equal(connectionNotice(view, "offline", true, true, ACTIONS)?.tone, "neutral");
});

test("where what is written is kept is said truthfully", () => {
  const view: SessionView = { ...LIVE, phase: "offline", role: "editor" };
  assert.match(connectionNotice(view, "offline", true, true, ACTIONS)?.words ?? "", /on this device/);
  assert.match(connectionNotice(view, "offline", true, false, ACTIONS)?.words ?? "", /in this tab/);
  assert.match(deviceNotice("full", "offline")?.words ?? "", /full/);
  assert.match(deviceNotice("blocked", "read-only")?.words ?? "", /in this tab only/);
  assert.equal(deviceNotice("full", "saved"), null);
  assert.equal(deviceNotice(null, "offline"), null);
});

test("a document that does not exist can be made without writing", () => {
  const view = { ...LIVE, phase: "absent", absent: true, epoch: null, role: null } as const;
  const notice = connectionNotice(view, "absent", false, true, ACTIONS);
  assert.match(notice?.words ?? "", /does not exist yet/);
  assert.deepEqual(notice?.actions.map(({ label }) => label), ["Create it now"]);
});
