import assert from "node:assert/strict";
import { test } from "node:test";

import { readAuditPage } from "../src/admin/auditentry";

test("entries say who did what, and details are in one line", () => {
  const entry = {
    id: 7,
    at: "2026-11-29T08:00:00.000Z",
    kind: "document.marked",
    user: { id: "u-1", name: "Ada" },
    address: "::1",
    detail: { read_only: true, by: "owner" },
  };
  const page = readAuditPage({ entries: [entry, { ...entry, id: 6, user: null }], next: 6 });
  assert.deepEqual(page.entries[0], {
    id: 7,
    atMs: Date.parse(entry.at),
    kind: "document.marked",
    user: "Ada",
    address: "::1",
    detail: "read_only=true by=owner",
  });
  assert.equal(page.entries[1]?.user, "");
  assert.equal(page.next, 6);
});

test("an answer of any other shape is a last page, whatever is in it", () => {
  for (const value of [null, 7, "x", [], {}, { entries: [null, 3, { detail: 5 }], next: "x" }]) {
    const page = readAuditPage(value);
    assert.equal(page.next, null);
    assert.ok(page.entries.every(({ kind, detail }) => kind === "" && detail === ""));
  }
});
