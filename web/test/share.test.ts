import assert from "node:assert/strict";
import { test } from "node:test";
import type { Access, ShareLink, Subject } from "../src/api/access";
import { ApiError } from "../src/api/request";
import type { Role } from "../src/protocol";
import { ShareModel, type AccessSource } from "../src/share/model";
import { candidates } from "../src/share/personsearch";
import { accessWords, expiryAt, ownAccessWords, rolesToOffer, untilWords } from "../src/share/words";

const ANA = { id: "u-ana", name: "Ana", color: "#1670c9" };
const BEN = { id: "u-ben", name: "Ben", color: "#ba4e0f" };
const OPEN: Access = { owner: ANA, everyone: null, signedIn: "editor", users: [] };

/** The access of one document, kept as the server keeps it: a link's address is told once. */
class Server implements AccessSource {
  access: Access = OPEN;
  links: ShareLink[] = [];
  refuses = false;

  getAccess(): Promise<Access> {
    return Promise.resolve(this.access);
  }
  setAccess(_document: string, subject: Subject, role: Role | null): Promise<void> {
    if (this.refuses) return Promise.reject(new ApiError(403, "Only the owner may share it."));
    if (subject === "signed-in") this.access = { ...this.access, signedIn: role };
    else if (subject === "everyone") this.access = { ...this.access, everyone: role };
    else {
      const others = this.access.users.filter(({ user }) => `user:${user.id}` !== subject);
      this.access = { ...this.access, users: role === null ? others : [...others, { user: BEN, role }] };
    }
    return Promise.resolve();
  }
  listLinks(): Promise<ShareLink[]> {
    return Promise.resolve(this.links.map((link) => ({ ...link, url: null })));
  }
  createLink(_document: string, role: Role, expiresAt: number | null): Promise<ShareLink> {
    const id = `l${this.links.length + 1}`;
    const link = { id, role, url: `https://q/l#${id}`, createdAt: 0, expiresAt };
    this.links.push(link);
    return Promise.resolve(link);
  }
  revokeLink(_document: string, id: string): Promise<void> {
    this.links = this.links.filter((link) => link.id !== id);
    return Promise.resolve();
  }
}

test("the dialog shows what the server has, after each change", async () => {
  const server = new Server();
  const model = new ShareModel("notes", server);
  await model.load();
  await model.setAccess("user:u-ben", "viewer");
  assert.deepEqual(model.access.value?.users, [{ user: BEN, role: "viewer" }]);
  await model.setAccess("user:u-ben", null);
  await model.setAccess("signed-in", null);
  assert.deepEqual(model.access.value, { ...OPEN, signedIn: null });
});

test("the address of a link is there once, and gone when the link is revoked", async () => {
  const model = new ShareModel("notes", new Server());
  await model.createLink("viewer", null);
  assert.equal(model.made.value?.url, "https://q/l#l1");
  assert.deepEqual(model.links.value.map(({ url }) => url), [null]);
  await model.createLink("editor", 5);
  assert.equal(model.made.value?.id, "l2");
  await model.revokeLink("l1");
  assert.equal(model.made.value?.id, "l2");
  await model.revokeLink("l2");
  assert.deepEqual([model.made.value, model.links.value], [null, []]);
});

test("a change that is refused is said, and what is shown stays true", async () => {
  const server = new Server();
  const model = new ShareModel("notes", server);
  await model.load();
  server.refuses = true;
  await model.setAccess("signed-in", "viewer");
  assert.equal(model.problem.value?.message, "Only the owner may share it.");
  assert.equal(model.access.value?.signedIn, "editor");
  server.refuses = false;
  await model.setAccess("signed-in", "viewer");
  assert.equal(model.problem.value, null);
});

test("access is one sentence, and says the widest first", () => {
  assert.match(accessWords(OPEN, "accounts"), /signed in can change/);
  assert.match(accessWords(OPEN, "open"), /^Anyone who has the address can change/);
  assert.match(accessWords({ ...OPEN, everyone: "viewer" }, "accounts"), /^Anyone .* can read/);
  assert.match(accessWords({ ...OPEN, signedIn: null }, "accounts"), /^Only its owner/);
  const users = [{ user: BEN, role: "viewer" as const }];
  assert.match(accessWords({ ...OPEN, signedIn: null, users }, "accounts"), /^Only the people above/);
  assert.match(ownAccessWords("viewer"), /can read/);
  assert.match(ownAccessWords("editor"), /can change/);
});

test("a role that is not offered any more is still shown where it is", () => {
  assert.deepEqual(rolesToOffer("viewer"), ["viewer", "editor"]);
  assert.deepEqual(rolesToOffer("commenter"), ["viewer", "editor", "commenter"]);
});

test("a link says how long it still works", () => {
  const now = Date.UTC(2026, 10, 29);
  assert.equal(untilWords(null, now), "until revoked");
  assert.equal(untilWords(now, now), "expired");
  assert.match(untilWords(expiryAt(7, now), now), /7 days/);
  assert.match(untilWords(now + 90 * 60_000, now), /90 minutes/);
  assert.match(untilWords(now + 5 * 3_600_000, now), /5 hours/);
  assert.equal(expiryAt(null, now), null);
});

test("who is in the document is found by name, whoever else is asked for from the server", () => {
  const guest = { id: "guest-1", name: "Benita", color: "#0e7e62" };
  assert.deepEqual(candidates("ben", [ANA, guest], [BEN], new Set()), [guest, BEN]);
  assert.deepEqual(candidates("ben", [guest, BEN], [BEN], new Set(["guest-1"])), [BEN]);
  assert.deepEqual(candidates(" ", [guest], [], new Set()), []);
});
