/**
 * A server small enough to trust: a log of updates per document, one order, ids that are known
 * for ever, and sessions that get everything but their own edits. It answers as docs/protocol.md
 * says and keeps one thing that a real one would not: the whole log in memory.
 */

import { createHash } from "node:crypto";
import * as Y from "yjs";
import type { ClientMessage, ServerMessage, User } from "../src/protocol";

interface Entry {
  readonly id: string;
  readonly update: Uint8Array;
  readonly user: string;
}

export class FakeServer {
  epoch = "e1";
  log: Entry[] = [];
  writable = true;
  isOpen = true;
  exists = true;
  storeFails = false;
  sessions = new Set<FakeSession>();
  /** CRDT client id -> user: the first write binds. */
  authors = new Map<number, string>();

  private cached: { log: Entry[]; version: number; state: Uint8Array } | null = null;

  get version(): number {
    return this.log.length;
  }

  /** A replica of its own for the caller, at the head. */
  doc(): Y.Doc {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, this.state());
    return doc;
  }

  get text(): string {
    return this.doc().getText("content").toString();
  }

  state(): Uint8Array {
    if (this.cached?.log !== this.log || this.cached.version !== this.version) {
      const state = Y.mergeUpdates([Y.encodeStateAsUpdate(new Y.Doc()), ...this.log.map(({ update }) => update)]);
      this.cached = { log: this.log, version: this.version, state };
    }
    return this.cached.state;
  }

  connect(deliver: (message: ServerMessage) => void): FakeSession {
    const session = new FakeSession(this, deliver);
    this.sessions.add(session);
    return session;
  }

  /** Everybody is a viewer from now on. */
  lower(): void {
    this.setWritable(false);
  }

  raise(): void {
    this.setWritable(true);
  }

  private setWritable(writable: boolean): void {
    this.writable = writable;
    for (const session of this.sessions) session.tellRole();
  }

  /** Nobody may open the document any more. */
  lockOut(): void {
    this.isOpen = false;
    for (const session of this.sessions) session.expel();
  }

  letIn(): void {
    this.isOpen = true;
  }

  /** Write as someone who is not connected here. */
  write(change: (text: Y.Text) => void, id = `direct.${this.version}`): void {
    const doc = this.doc();
    const before = Y.encodeStateVector(doc);
    change(doc.getText("content"));
    this.append({ id, update: Y.encodeStateAsUpdate(doc, before), user: "direct" }, null);
  }

  append(entry: Entry, by: FakeSession | null): number {
    this.log.push(entry);
    const version = this.log.length;
    for (const session of this.sessions) if (session !== by) session.deliverUpdate(version, entry);
    return version;
  }
}

export class FakeSession {
  user: User | null = null;
  joined = false;
  private parked: { id: string; update: Uint8Array }[] = [];

  constructor(
    private readonly server: FakeServer,
    private readonly deliver: (message: ServerMessage) => void,
  ) {}

  close(): void {
    this.server.sessions.delete(this);
  }

  deliverUpdate(version: number, { update }: Entry): void {
    if (!this.joined) return;
    this.deliver({ type: "updates", doc: "notes", from: version, to: version, update });
  }

  tellRole(): void {
    if (this.joined) this.deliver({ type: "role", doc: "notes", role: this.server.writable ? "editor" : "viewer" });
  }

  expel(): void {
    if (!this.joined) return;
    this.joined = false;
    this.deliver({ type: "error", code: "forbidden", message: "", retryable: false, doc: "notes" });
  }

  receive(message: ClientMessage): void {
    switch (message.type) {
      case "auth":
        this.user = { id: message.token, name: message.token, color: "#1670c9" };
        this.deliver({
          type: "auth_ok",
          session: "s",
          user: this.user,
          limits: { max_message_bytes: 10_000, max_document_chars: 1_000_000 },
        });
        break;
      case "join":
        this.join(message.since, message.epoch, message.create ?? true);
        break;
      case "update":
        this.update(message.id, message.update);
        break;
      case "check":
        this.check(message.version, message.hash);
        break;
      case "ping":
        this.deliver({ type: "pong", at: "", ...(message.nonce === undefined ? {} : { nonce: message.nonce }) });
        break;
      default:
        break;
    }
  }

  private join(since: number | undefined, epoch: string | undefined, create: boolean): void {
    const { server } = this;
    if (server.isOpen && create) server.exists = true;
    if (!server.isOpen || !server.exists) {
      const code = server.isOpen ? "not_created" : "unknown_document";
      this.deliver({ type: "error", code, message: "", retryable: false, doc: "notes" });
      return;
    }
    const recovered =
      since !== undefined && epoch === server.epoch && since <= server.version;
    this.joined = true;
    this.deliver({
      type: "joined",
      doc: "notes",
      epoch: server.epoch,
      version: server.version,
      role: server.writable ? "editor" : "viewer",
      recovered,
      members: [],
      ...(recovered ? {} : { state: server.state() }),
    });
    if (!recovered || since === server.version) return;
    const update = Y.mergeUpdates(server.log.slice(since).map((entry) => entry.update));
    this.deliver({ type: "updates", doc: "notes", from: since + 1, to: server.version, update });
  }

  private update(id: string, update: Uint8Array): void {
    const { server, user } = this;
    const where = { doc: "notes", id };
    if (!this.joined || user === null) {
      this.deliver({ type: "error", code: "not_joined", message: "", retryable: false, ...where });
      return;
    }
    if (!server.writable) {
      this.deliver({ type: "error", code: "forbidden", message: "", retryable: false, ...where });
      return;
    }
    if (server.storeFails) {
      this.deliver({ type: "error", code: "store_unavailable", message: "", retryable: true, ...where });
      return;
    }
    const known = server.log.findIndex((entry) => entry.id === id);
    if (known >= 0) {
      this.deliver({ type: "ack", doc: "notes", id, version: known + 1, changed: false });
      return;
    }
    const missing = this.missing(update);
    if (missing !== null) {
      this.parked.push({ id, update });
      this.deliver({ type: "resync", doc: "notes", state_vector: missing });
      return;
    }
    if (!this.mayAuthor(update)) {
      this.deliver({ type: "error", code: "forbidden", message: "", retryable: false, ...where });
      return;
    }
    const version = server.append({ id, update, user: user.id }, this);
    this.deliver({ type: "ack", doc: "notes", id, version, changed: true });
    for (const { id, update } of this.parked.splice(0)) this.update(id, update);
  }

  /** The state vector to ask from, if `update` builds on what the log does not have. */
  private missing(update: Uint8Array): Uint8Array | null {
    const doc = this.server.doc();
    Y.applyUpdate(doc, update);
    const waits = doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
    return waits ? Y.encodeStateVector(this.server.doc()) : null;
  }

  private mayAuthor(update: Uint8Array): boolean {
    const user = this.user?.id ?? "";
    const clients = [...Y.parseUpdateMeta(update).from.keys()];
    for (const client of clients) {
      if ((this.server.authors.get(client) ?? user) !== user) return false;
    }
    for (const client of clients) this.server.authors.set(client, user);
    return true;
  }

  private check(version: number, hash: string): void {
    const { server } = this;
    const where = { doc: "notes", version };
    if (!this.joined) {
      this.deliver({ type: "error", code: "not_joined", message: "", retryable: false, doc: "notes" });
      return;
    }
    if (version !== server.version) {
      this.deliver({ type: "checked", ...where, hash: null });
    } else if (createHash("sha256").update(server.text).digest("hex") === hash) {
      this.deliver({ type: "checked", ...where, hash });
    } else {
      this.deliver({ type: "diverged", ...where, state: server.state() });
    }
  }
}
