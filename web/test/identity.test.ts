import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ApiError } from "../src/api/request";
import { readIdentity, type Identity } from "../src/api/session";
import { PALETTE } from "../src/ui/colourchoice";
import { IdentityStore, isSomebody, type IdentitySource } from "../src/identity/identity";

declare const SOURCES: string;

const VISITOR = identity({ user: null, kind: "visitor", signedIn: false, mayCreate: false });
const GUEST = identity({ user: { id: "guest-1", name: "Quiet Otter", color: "#0e7e62" }, kind: "guest" });
const ANA = identity({ user: { id: "u-ana", name: "Ana", color: "#1670c9" }, kind: "account" });

function identity(part: Partial<Identity>): Identity {
  return {
    mode: "accounts",
    user: null,
    kind: "visitor",
    signedIn: true,
    operator: false,
    expiresAt: null,
    signIn: ["password"],
    providerLabel: "",
    mayCreate: true,
    ...part,
  };
}

/** Who is asking, as a server sees it: a cookie, a name, and documents that anybody may read. */
class Server implements IdentitySource {
  asks: string[] = [];
  guests = 0;
  publicDocuments: string[] = [];
  private: string[] = [];
  constructor(public who: Identity) {}

  getIdentity(): Promise<Identity> {
    this.asks.push("session");
    return Promise.resolve(this.who);
  }
  becomeGuest(name: string | null): Promise<Identity> {
    this.guests += 1;
    const known = this.who.kind === "guest" ? this.who.user : null;
    const user = known ?? { id: `guest-${this.guests}`, name: name ?? "Quiet Otter", color: "#0e7e62" };
    this.who = { ...this.who, user, kind: "guest" };
    return Promise.resolve(this.who);
  }
  recolorUser(color: string): Promise<Identity> {
    if (this.who.user === null) throw new ApiError(401, "");
    this.who = { ...this.who, user: { ...this.who.user, color } };
    return Promise.resolve(this.who);
  }
  renameUser(name: string): Promise<Identity> {
    if (this.who.user === null) throw new ApiError(401, "");
    this.who = { ...this.who, user: { ...this.who.user, name } };
    return Promise.resolve(this.who);
  }
  signIn(): Promise<Identity> {
    this.who = ANA;
    return Promise.resolve(ANA);
  }
  getTicket(document: string): Promise<string> {
    this.asks.push("ticket");
    if (!isSomebody(this.who)) return Promise.reject(new ApiError(401, "", "auth_required"));
    if (this.private.includes(document)) return Promise.reject(new ApiError(404, ""));
    return Promise.resolve(`ticket of ${this.who.user?.id}`);
  }
  isReadable(document: string): Promise<boolean> {
    return Promise.resolve(this.publicDocuments.includes(document));
  }
}

const remembering = (name: string | null) => ({
  get: () => name,
  forget: () => {
    name = null;
  },
});

function store(server: Server, name: string | null = null): IdentityStore {
  return new IdentityStore(server, remembering(name));
}

test("in open mode whoever comes first is a guest, and stays the one", async () => {
  const server = new Server({ ...VISITOR, mode: "open", signIn: [] });
  const first = await store(server).load();
  assert.deepEqual([first.kind, first.user?.id], ["guest", "guest-1"]);
  const again = await store(server).load();
  assert.equal(again.user?.id, "guest-1");
  assert.equal(server.guests, 1);
});

test("a name that only this browser knew becomes the guest's, once", async () => {
  const server = new Server({ ...VISITOR, mode: "open" });
  const memory = remembering("Ana of yesterday");
  const found = await new IdentityStore(server, memory).load();
  assert.equal(found.user?.name, "Ana of yesterday");
  assert.equal(memory.get(), null);
});

test("a guest of today keeps the name of yesterday, and an account does not", async () => {
  const guest = new Server(GUEST);
  assert.equal((await store(guest, "Old name").load()).user?.name, "Old name");
  const account = new Server(ANA);
  assert.equal((await store(account, "Old name").load()).user?.name, "Ana");
});

test("a new name keeps the user", async () => {
  const known = store(new Server(GUEST));
  const before = await known.load();
  await known.rename("Ada");
  assert.deepEqual(
    [known.identity.value?.user?.id, known.identity.value?.user?.name],
    [before.user?.id, "Ada"],
  );
});

test("a user gets a ticket", async () => {
  const admission = await store(new Server({ ...ANA, expiresAt: 5_000 })).admit("notes");
  assert.deepEqual(admission, { kind: "ticket", token: "ticket of u-ana", expiresAt: 5_000 });
});

test("nobody becomes a guest to be refused, and does to read what is public", async () => {
  const server = new Server(VISITOR);
  server.publicDocuments = ["open"];
  assert.deepEqual(await store(server).admit("secret"), { kind: "refused" });
  assert.equal(server.guests, 0);
  const admission = await store(server).admit("open");
  assert.equal(admission.kind === "ticket" && admission.token, "ticket of guest-1");
});

test("a document that is missing and one that is forbidden are refused alike", async () => {
  const server = new Server(ANA);
  server.private = ["secret"];
  assert.deepEqual(await store(server).admit("secret"), { kind: "refused" });
});

test("whoever was signed out elsewhere is told so, and not made a guest", async () => {
  const server = new Server(ANA);
  const known = store(server);
  await known.load();
  server.who = VISITOR;
  assert.deepEqual(await known.admit("notes"), { kind: "signed-out" });
  assert.equal(known.identity.value?.user, null);
  assert.equal(server.guests, 0);
});

test("whoever was signed out elsewhere is told so by a look at the session, too", async () => {
  for (const again of [false, true]) {
    const server = new Server(ANA);
    const known = store(server);
    await known.admit("notes");
    server.who = VISITOR;
    if (!again) await known.load();
    assert.deepEqual(await known.admit("notes", again), { kind: "signed-out" });
    assert.deepEqual(await known.admit("notes"), { kind: "signed-out" });
    assert.equal(server.guests, 0);
    server.who = ANA;
    assert.equal((await known.admit("notes", true)).kind, "ticket");
  }
});

test("a guest of open mode whose cookie is gone comes back as another", async () => {
  const server = new Server({ ...GUEST, mode: "open" });
  const known = store(server);
  await known.load();
  server.who = { ...VISITOR, mode: "open" };
  assert.equal((await known.admit("notes")).kind, "ticket");
});

test("a server that is away or busy means later", async () => {
  const server = new Server(ANA);
  server.getTicket = () => Promise.reject(new ApiError(429, "", "rate_limited", 7_000));
  assert.deepEqual(await store(server).admit("notes"), { kind: "later", afterMs: 7_000 });
  server.getIdentity = () => Promise.reject(new ApiError(0, ""));
  assert.deepEqual(await store(server).admit("notes"), { kind: "later", afterMs: 0 });
});

test("an open connection learns the end of a session that was extended", async () => {
  const server = new Server({ ...ANA, expiresAt: 1_000 });
  const known = store(server);
  await known.admit("notes");
  server.who = { ...ANA, expiresAt: 9_000 };
  const admission = await known.admit("notes", true);
  assert.equal(admission.kind === "ticket" && admission.expiresAt, 9_000);
});

test("an answer that is no identity reads as nobody", () => {
  assert.equal(isSomebody(readIdentity(null)), false);
  assert.equal(isSomebody(readIdentity({ user: { id: 7 }, kind: "account" })), false);
  const read = readIdentity({ mode: "oidc", user: null, sign_in: ["oidc", "magic"], expires_at: "2026-12-20T09:30:00.125Z" });
  assert.deepEqual([read.mode, read.signIn, read.expiresAt], ["oidc", ["oidc"], Date.UTC(2026, 11, 20, 9, 30, 0, 125)]);
});

test("a colour that is chosen is at once one's own", async () => {
  const store = new IdentityStore(new Server(ANA), { get: () => null, forget: () => undefined });
  await store.load();
  await store.recolor("#cf1e85");
  assert.equal(store.identity.value?.user?.color, "#cf1e85");
});

test("the colours to choose from are those that the server takes", () => {
  const source = readFileSync(join(SOURCES, "..", "..", "app", "identity", "display_name.py"), "utf8");
  const palette = /PALETTE: Final = \(([^)]*)\)/.exec(source)?.[1] ?? "";
  assert.deepEqual(palette.match(/#[0-9a-f]{6}/g), [...PALETTE]);
});
