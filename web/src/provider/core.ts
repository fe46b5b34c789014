/**
 * One document of `quire.v1` in yjs mode, as a state machine from events to effects. It knows no
 * socket, no timer, no clock, no randomness and no Yjs document; `session.ts` is the shell that
 * does.
 *
 *   offline ──opened──► authenticating ──auth_ok──► joining ──joined, replay complete──► live
 *      ▲                      │                        │  ▲                               │
 *      │                      │                        │  └── gap, lost membership, stall ─┤
 *      └────────closed────────┴────────────────────────┴──────────────closed──────────────┘
 *   joining ──there is none──► absent ──first edit, or asked for──► joining, which creates it
 *   any ──fatal error──► stopped
 *
 * What it promises:
 * - An edit stays pending until the server says that it is durable, through any number of
 *   connections, and is sent again under the same id with the same bytes.
 * - `version` is contiguous: everything up to it has been applied.
 * - The replica is dropped only for a reason (`ReplaceReason`), and then the shell keeps the text
 *   for the user.
 */

import { NO_HISTORY, type DeviceRecord } from "../device/record";
import { OrderingBuffer } from "../ordering";
import type {
  ClientMessage,
  ErrorReport,
  Joined,
  Member,
  Role,
  ServerMessage,
  User,
} from "../protocol";
import type { StopCause, StopReason } from "./admission";
import { PendingEdits, type Merge, type PendingEdit, type Split } from "./pending";

export const MAX_IN_FLIGHT = 64;
/** A whole document may be on its way while joining. */
export const ANSWER_DEADLINE_MS = { authenticating: 10_000, joining: 60_000 } as const;
export const GAP_PATIENCE_MS = 3_000;
export const ACK_PATIENCE_MS = 20_000;
export const RETRY_DELAY_MS = 2_000;
export const CHECK_IDLE_MS = 5_000;
export const CHECK_INTERVAL_MS = 30_000;
/** A round trip after a sleep takes no longer, or the socket is dead. */
export const DOUBT_PATIENCE_MS = 5_000;
/** Times that an update the server gave up on is offered again before it counts as refused. */
export const MAX_REJOINS_FOR_UPDATE = 3;
/** How often to look whether somebody else has created the document. */
export const ABSENT_LOOK_MS = 10_000;
const DEFAULT_MESSAGE_BYTES = 256 * 1024;
/** Version 0 of any document is empty: SHA-256 of no bytes. */
const HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export type Phase = "offline" | "authenticating" | "joining" | "absent" | "live" | "stopped";

/** Why the server's state takes the place of this tab's. */
export type ReplaceReason = "epoch" | "diverged" | DiscardReason;

/**
 * Why edits that the server does not have are given up: it refuses one, the document has no room
 * for it, or the user says so.
 */
export type DiscardReason = "refused" | "full" | "given-up";

export interface Stopped {
  readonly cause: StopCause;
  readonly reason: StopReason;
  /** What the server said about `other`. */
  readonly detail?: string;
}

export type SessionEvent =
  /** The replica holds what this device had of the document, up to `version`. First of all events. */
  | {
      readonly type: "restored";
      readonly epoch: string;
      readonly version: number;
      readonly role: Role;
      readonly maxChars: number | null;
    }
  /** Pending edits of a tab that is gone; they are in the replica already. */
  | { readonly type: "adopted"; readonly epoch: string; readonly edits: readonly PendingEdit[] }
  /** The page slept, or came back into view: the socket may be dead although it looks open. */
  | { readonly type: "woke" }
  /** The socket is open; `token` is the ticket for it. */
  | { readonly type: "opened"; readonly token: string }
  /** Another ticket, so that the session on this socket does not end. */
  | { readonly type: "refreshed"; readonly token: string }
  | { readonly type: "closed" }
  /** The connection will not be tried again. */
  | { readonly type: "gave_up"; readonly stopped: Stopped }
  /** The user wants to try again after all. */
  | { readonly type: "resumed" }
  | { readonly type: "received"; readonly message: ServerMessage }
  /** The user changed the replica; `update` is that one transaction. */
  | { readonly type: "edited"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  /** Answer to `encode_since`. */
  | { readonly type: "encoded"; readonly update: Uint8Array }
  /** Answer to `hash`. */
  | { readonly type: "hashed"; readonly version: number; readonly hash: string }
  /** The user wants the document to exist, before anything is written. */
  | { readonly type: "create_asked" }
  /** The user wants the server's text instead of edits that it does not take. */
  | { readonly type: "given_up" }
  | { readonly type: "tick" };

export type SessionEffect =
  | { readonly type: "send"; readonly message: ClientMessage }
  /** Merge into the replica. */
  | { readonly type: "apply"; readonly update: Uint8Array }
  /** Keep a copy of the text if it differs, and begin a new replica from `state`; `lost` was pending. */
  | {
      readonly type: "replace";
      readonly state: Uint8Array;
      readonly reason: ReplaceReason;
      readonly lost: readonly Uint8Array[];
    }
  /** For the device, to be written in this order. */
  | { readonly type: "record"; readonly epoch: string; readonly record: DeviceRecord }
  /** Encode what the replica has beyond `stateVector`; answer at once with `encoded`. */
  | { readonly type: "encode_since"; readonly stateVector: Uint8Array }
  /** Hash the text as it is now; answer with `hashed`. */
  | { readonly type: "hash"; readonly version: number }
  /** Membership is fresh: send the local awareness state. */
  | { readonly type: "announce" }
  | { readonly type: "apply_awareness"; readonly update: Uint8Array }
  /** The others' cursors are unknown from here on. */
  | { readonly type: "forget_awareness" }
  /** From now on author under a fresh CRDT client id. */
  | { readonly type: "author_anew" }
  /** Close the socket and open another one. */
  | { readonly type: "reconnect" }
  /** Close the socket for good. */
  | { readonly type: "close" };

/** What there is to show. */
export interface SessionView {
  readonly phase: Phase;
  readonly loaded: boolean;
  /** The document does not exist yet; it is created with the first edit. */
  readonly absent: boolean;
  readonly version: number;
  readonly epoch: string | null;
  readonly pending: number;
  readonly role: Role | null;
  /** The length that a document may have, in code points; null while that is not known. */
  readonly maxChars: number | null;
  /** A round trip is under way that shows whether the connection is alive. */
  readonly doubted: boolean;
  /** Edits of a time without connection are on their way. */
  readonly syncing: boolean;
  /** The server has said that it cannot store for the moment. */
  readonly storeTrouble: boolean;
  readonly stopped: Stopped | null;
  readonly user: User | null;
  readonly session: string | null;
  readonly members: readonly Member[];
}

export interface SessionOptions {
  readonly document: string;
  /** Makes this tab's edit ids unique: random, up to 40 of `[A-Za-z0-9._-]`. */
  readonly tag: string;
  readonly merge: Merge;
  readonly split: Split;
}

const NO_DOCUMENT: Stopped = { cause: "refused", reason: "noDocument" };

export class SessionCore {
  private phase: Phase = "offline";
  private loaded = false;
  /** `joined` has been received on this connection. */
  private member = false;
  private epoch: string | null = null;
  private role: Role | null = null;
  private user: User | null = null;
  private session: string | null = null;
  private members: Member[] = [];
  private stopped: Stopped | null = null;
  private storeTrouble = false;
  private absent = false;
  private createAsked = false;
  private maxChars: number | null = null;
  /** The nonce and the time of the ping that decides whether the connection is alive. */
  private doubt: { readonly nonce: number; readonly since: number } | null = null;
  private nonce = 0;
  private syncing = false;

  private readonly order = new OrderingBuffer<Uint8Array | null>(0);
  private readonly pending: PendingEdits;
  /** The head when `joined` was sent: replay is complete when `order` has reached it. */
  private target = 0;
  private maxBatchBytes = DEFAULT_MESSAGE_BYTES;
  private counter = 0;

  /** The replica holds edits that are not to be kept: the next join replaces it. */
  private discard: DiscardReason | null = null;
  private readonly rejoins = new Map<string, number>();

  private phaseSince = 0;
  private gapSince: number | null = null;
  private retryAt: number | null = null;
  private waitingSince = 0;
  private activeAt = 0;
  private checkedAt = 0;
  private checkedVersion = -1;
  private effects: SessionEffect[] = [];

  constructor(private readonly options: SessionOptions) {
    this.pending = new PendingEdits(options.merge, options.split);
  }

  view(): SessionView {
    return {
      phase: this.phase,
      loaded: this.loaded,
      absent: this.absent,
      version: this.order.version,
      epoch: this.epoch,
      pending: this.pending.count,
      role: this.role,
      maxChars: this.maxChars,
      doubted: this.doubt !== null,
      syncing: this.syncing && !this.pending.isEmpty,
      storeTrouble: this.storeTrouble,
      stopped: this.stopped,
      user: this.user,
      session: this.session,
      members: this.members,
    };
  }

  /** Edits that the server has not acknowledged, in the order of sending. */
  get pendingEdits(): readonly PendingEdit[] {
    return this.pending.all;
  }

  /** Take an event at `now` (milliseconds, any origin); return what is to be done, in order. */
  handle(event: SessionEvent, now: number): SessionEffect[] {
    this.effects = [];
    switch (event.type) {
      case "restored":
        this.restored(event);
        break;
      case "adopted":
        this.adopted(event.edits, event.epoch, now);
        break;
      case "woke":
        this.woke(now);
        break;
      case "opened":
        this.opened(event.token, now);
        break;
      case "refreshed":
        if (this.member) this.send({ type: "auth", token: event.token });
        break;
      case "closed":
        this.closed();
        break;
      case "gave_up":
        this.stop(event.stopped);
        break;
      case "resumed":
        if (this.phase === "stopped") {
          this.phase = "offline";
          this.stopped = null;
        }
        break;
      case "received":
        this.received(event.message, now);
        break;
      case "edited":
        this.activeAt = now;
        this.record({ kind: "edited", edit: this.pending.add(event.update) });
        if (this.phase === "absent") this.join(now);
        this.flush(now);
        break;
      case "create_asked":
        this.createAsked = true;
        if (this.phase === "absent") this.join(now);
        break;
      case "awareness":
        if (this.member) {
          this.send({ type: "awareness", doc: this.options.document, update: event.update });
        }
        break;
      case "encoded":
        this.answerResync(event.update);
        break;
      case "hashed":
        this.sendCheck(event.version, event.hash, now);
        break;
      case "given_up":
        this.giveUp(now);
        break;
      case "tick":
        this.tick(now);
        break;
    }
    return this.effects;
  }

  // --- what this device had ---

  private restored(event: Extract<SessionEvent, { type: "restored" }>): void {
    if (this.loaded || this.phase !== "offline") return;
    this.loaded = true;
    this.epoch = event.epoch;
    this.role = event.role;
    this.maxChars = event.maxChars;
    this.order.restart(event.version);
  }

  private adopted(edits: readonly PendingEdit[], epoch: string, now: number): void {
    if (epoch !== NO_HISTORY) this.epoch ??= epoch;
    this.pending.adopt(edits);
    if (this.phase === "absent") this.join(now);
    if (this.phase === "live") this.resend(now);
    this.flush(now);
  }

  private giveUp(now: number): void {
    this.record({ kind: "renounced" });
    if (this.phase === "stopped") this.pending.clear();
    else this.discard = "given-up";
    this.rejoin(now);
  }

  // --- connection ---

  private opened(token: string, now: number): void {
    if (this.phase === "stopped") return;
    this.enter("authenticating", now);
    this.send({ type: "auth", token });
  }

  private closed(): void {
    if (this.phase === "stopped") return;
    this.phase = "offline";
    this.member = false;
    this.doubt = null;
    this.order.restart(this.order.version);
    this.gapSince = null;
    this.retryAt = null;
    this.members = [];
    this.effect({ type: "forget_awareness" });
  }

  private stop(stopped: Stopped): void {
    if (this.phase === "stopped") return;
    this.phase = "stopped";
    this.stopped = stopped;
    this.doubt = null;
    this.member = false;
    this.members = [];
    this.effect({ type: "forget_awareness" });
    this.effect({ type: "close" });
  }

  /** Nothing is believed to be saved before the server has answered once more. */
  private woke(now: number): void {
    if (this.phase !== "live") return;
    this.nonce += 1;
    this.doubt = { nonce: this.nonce, since: this.doubt?.since ?? now };
    this.send({ type: "ping", nonce: this.nonce });
  }

  /** Give this socket up; the shell opens another one. */
  private reconnect(): void {
    if (this.phase === "offline" || this.phase === "stopped") return;
    this.effect({ type: "reconnect" });
    this.closed();
  }

  private enter(phase: Phase, now: number): void {
    this.phase = phase;
    this.phaseSince = now;
  }

  private join(now: number): void {
    this.enter("joining", now);
    this.target = Infinity; // unknown until `joined`
    this.order.restart(this.order.version);
    this.gapSince = null;
    const resume =
      this.loaded && this.discard === null && this.epoch !== null
        ? { since: this.order.version, epoch: this.epoch }
        : {};
    // An address is looked at more often than it is meant to become a document.
    const create = this.absent && (this.createAsked || !this.pending.isEmpty);
    this.send({ type: "join", doc: this.options.document, mode: "yjs", ...resume, create });
  }

  // --- what the server says ---

  private received(message: ServerMessage, now: number): void {
    if (this.phase === "stopped" || this.phase === "offline") return;
    if ("doc" in message && message.doc !== undefined && message.doc !== this.options.document) {
      return;
    }
    switch (message.type) {
      case "auth_ok":
        this.becomes(message.user);
        this.session = message.session;
        // base64 makes 4 of 3, and the rest of the message needs some room too
        this.maxBatchBytes = Math.floor(message.limits.max_message_bytes * 0.7);
        this.maxChars = message.limits.max_document_chars;
        if (this.phase === "authenticating") this.join(now);
        break;
      case "joined":
        this.joined(message, now);
        break;
      case "updates":
        this.activeAt = now;
        this.take(message.from, message.to, message.update, now);
        break;
      case "ack":
        this.acknowledged(message.id, message.version, message.changed, now);
        break;
      case "awareness":
        this.effect({ type: "apply_awareness", update: message.update });
        break;
      case "member_joined":
        this.members = [
          ...this.members.filter((member) => member.session !== message.session),
          { session: message.session, user: message.user },
        ];
        break;
      case "member_left":
        this.members = this.members.filter((member) => member.session !== message.session);
        break;
      case "role":
        this.takeRole(message.role, now);
        break;
      case "resync":
        this.effect({ type: "encode_since", stateVector: message.state_vector });
        break;
      case "checked":
        if (message.hash !== null) this.checkedVersion = message.version;
        break;
      case "diverged":
        this.diverged(message.version, message.state, now);
        break;
      case "error":
        this.failed(message, now);
        break;
      case "pong":
        if (message.nonce === this.doubt?.nonce) this.doubt = null;
        break;
    }
  }

  private joined(message: Joined, now: number): void {
    if (this.phase !== "joining") return;
    // The answer to an earlier join: the one that brings the state is still to come.
    if (this.discard !== null && message.state === undefined) return;
    this.member = true;
    this.absent = false;
    this.role = message.role;
    this.members = [...message.members];
    this.target = message.version;
    const known = this.epoch;
    this.epoch = message.epoch;
    if (message.state !== undefined) this.takeState(message.state, message, known);
    this.checkedVersion = -1;
    this.effect({ type: "announce" });
    // What waits for an answer goes out again before anything new: later edits build on it.
    this.resend(now);
    this.settle(now);
  }

  private takeState(state: Uint8Array, message: Joined, known: string | null): void {
    const isOtherHistory = known !== null && known !== message.epoch;
    const reason: ReplaceReason | null = this.discard ?? (isOtherHistory ? "epoch" : null);
    if (reason === null) {
      this.effect({ type: "apply", update: state });
    } else {
      this.replace(state, reason);
    }
    this.order.restart(message.version);
    this.loaded = true;
    this.record({ kind: "state", state, version: message.version });
  }

  private replace(state: Uint8Array, reason: ReplaceReason): void {
    const lost = this.pending.all.map(({ update }) => update);
    this.pending.clear();
    this.rejoins.clear();
    this.discard = null;
    this.effect({ type: "replace", state, reason, lost });
  }

  /** Versions `from`..`to` have come: as an update, or (null) as an ack of what is here already. */
  private take(from: number, to: number, update: Uint8Array | null, now: number): void {
    if (to <= this.order.version && update !== null) {
      // Known by its number. Merging it again costs nothing and needs no trust in the number.
      this.effect({ type: "apply", update });
      return;
    }
    for (const range of this.order.offer({ from, to, item: update })) {
      if (range.item === null) continue;
      this.effect({ type: "apply", update: range.item });
      this.record({ kind: "range", from: range.from, to: range.to, update: range.item });
    }
    if (this.phase === "joining") this.phaseSince = now; // a long replay is no silence
    if (this.order.gap === null) this.gapSince = null;
    else this.gapSince ??= now;
    this.settle(now);
  }

  /** Go from joining to live when the replay is complete. */
  private settle(now: number): void {
    if (this.phase !== "joining" || this.order.version < this.target) return;
    this.loaded = true;
    this.syncing = !this.pending.isEmpty;
    this.enter("live", now);
    this.flush(now);
  }

  private acknowledged(id: string, version: number, changed: boolean, now: number): void {
    this.activeAt = now;
    const mine = this.pending.acknowledge(id);
    this.rejoins.delete(id);
    this.storeTrouble = false;
    this.syncing &&= !this.pending.isEmpty;
    this.waitingSince = now;
    // Only a submission whose bytes are in this replica may stand for its version.
    if (mine !== null && changed) {
      const { key, update } = mine;
      this.record({ kind: "accepted", key, version, update });
      this.take(version, version, null, now);
    } else if (mine !== null) {
      this.record({ kind: "settled", key: mine.key });
    }
    this.flush(now);
  }

  // --- edits ---

  private get writable(): boolean {
    return this.role === "owner" || this.role === "editor";
  }

  /** Send what may be sent. */
  private flush(now: number): void {
    if (this.phase !== "live" || !this.writable || this.retryAt !== null) return;
    if (this.discard !== null) return;
    if (this.pending.sent.length === 0) this.waitingSince = now;
    while (this.pending.sent.length < MAX_IN_FLIGHT) {
      const taken = this.pending.take(this.nextId, this.maxBatchBytes);
      if (taken === null) return;
      this.record({ kind: "submitted", ...taken });
      for (const { id, update } of taken.submissions) this.submit(id, update);
    }
  }

  /** Everything that was sent and not answered, verbatim and in order. */
  private resend(now: number): void {
    this.retryAt = null;
    this.waitingSince = now;
    if (!this.writable) return;
    for (const { id, update } of this.pending.sent) this.submit(id, update);
  }

  private submit(id: string, update: Uint8Array): void {
    this.send({ type: "update", doc: this.options.document, id, update });
  }

  private readonly nextId = (): string => {
    this.counter += 1;
    return `${this.options.tag}.${this.counter}`;
  };

  private answerResync(update: Uint8Array): void {
    if (this.phase !== "live" && this.phase !== "joining") return;
    const submissions = this.pending.addSent(this.nextId, update, this.maxBatchBytes);
    this.record({ kind: "submitted", keys: [], submissions });
    for (const { id, update: piece } of submissions) this.submit(id, piece);
  }

  // --- who the user is, and what they may do ---

  /**
   * The log binds CRDT client ids to users, so whoever comes back as another user (signed in anew,
   * or as another guest) writes under another one.
   */
  private becomes(user: User): void {
    if (this.user !== null && this.user.id !== user.id) this.effect({ type: "author_anew" });
    this.user = user;
  }

  private takeRole(role: Role, now: number): void {
    const wasWritable = this.writable;
    this.role = role;
    if (!this.writable) return;
    // What was refused meanwhile goes out again before anything new.
    if (!wasWritable && this.phase === "live" && this.discard === null) this.resend(now);
    this.flush(now);
  }

  // --- errors ---

  private failed(report: ErrorReport, now: number): void {
    switch (report.code) {
      case "rate_limited":
      case "store_unavailable":
        this.storeTrouble = report.code === "store_unavailable";
        this.retryLater((report.retry_after_s ?? 0) * 1000, now);
        return;
      case "read_only":
        if (report.retryable) this.retryLater(0, now);
        else this.role = "viewer";
        return;
      case "not_joined":
        this.rejoin(now);
        return;
      case "auth_required":
        this.reconnect();
        return;
      case "auth_failed":
        return; // the close code that follows says what to do
      case "unknown_document":
        this.stop(NO_DOCUMENT);
        return;
      case "not_created":
        this.notCreated(now);
        return;
      case "forbidden":
        this.forbidden(report, now);
        return;
      default:
        this.refused(report, now);
    }
  }

  /** There is no document yet, and nothing is made of it before it is written. */
  private notCreated(now: number): void {
    if (this.phase !== "joining") return;
    // It is gone: to make another one of that name is for the user to decide.
    if (this.epoch !== null) {
      this.stop(NO_DOCUMENT);
      return;
    }
    this.absent = true;
    this.loaded = true;
    this.enter("absent", now);
    if (this.createAsked || !this.pending.isEmpty) this.join(now);
  }

  /** Not allowed: an edit by whoever may only read, a cursor, or the whole document. */
  private forbidden(report: ErrorReport, now: number): void {
    if (report.id !== undefined) {
      // The edit waits here, for another role or for what the user decides.
      if (this.writable) this.refused(report, now);
    } else if (this.phase === "joining" && report.doc !== undefined) {
      this.stop(NO_DOCUMENT);
    } else if (this.phase === "live") {
      // Whoever is no member any more is told so in answer to anything: `not_joined`.
      const doc = this.options.document;
      this.send({ type: "check", doc, version: 0, hash: HASH_OF_NOTHING });
    }
  }

  /** An error about one message: only an edit of ours has consequences for the replica. */
  private refused(report: ErrorReport, now: number): void {
    const id = report.id;
    if (id !== undefined && this.pending.sent.some((entry) => entry.id === id)) {
      const attempts = (this.rejoins.get(id) ?? 0) + 1;
      if (report.retryable && attempts <= MAX_REJOINS_FOR_UPDATE) {
        this.rejoins.set(id, attempts);
      } else {
        // Later edits build on this one, so the replica cannot be saved; its text can.
        this.discard = report.code === "document_full" ? "full" : "refused";
      }
      this.rejoin(now);
    } else if (this.phase === "joining" && report.doc !== undefined && !report.retryable) {
      this.stop({ cause: "broken", reason: "other", detail: report.message });
    }
  }

  private rejoin(now: number): void {
    if (this.phase === "live" || this.phase === "joining") this.join(now);
  }

  private retryLater(delayMs: number, now: number): void {
    this.retryAt = now + Math.max(delayMs, RETRY_DELAY_MS);
  }

  // --- divergence ---

  private get idle(): boolean {
    return this.phase === "live" && this.pending.isEmpty && this.order.gap === null;
  }

  private sendCheck(version: number, hash: string, now: number): void {
    if (!this.idle || version !== this.order.version) return;
    this.checkedAt = now;
    this.send({ type: "check", doc: this.options.document, version, hash });
  }

  private diverged(version: number, state: Uint8Array, now: number): void {
    // Edits made since the check belong to the log first; the next check finds the rest.
    if (!this.idle) return;
    this.replace(state, "diverged");
    this.order.restart(version);
    this.record({ kind: "state", state, version });
    this.effect({ type: "announce" });
    this.activeAt = now;
  }

  // --- time ---

  private tick(now: number): void {
    switch (this.phase) {
      case "authenticating":
      case "joining":
        if (now - this.phaseSince >= ANSWER_DEADLINE_MS[this.phase]) this.reconnect();
        return;
      case "absent":
        if (now - this.phaseSince >= ABSENT_LOOK_MS) this.join(now);
        return;
      case "live":
        this.tickLive(now);
        return;
      case "offline":
      case "stopped":
        return;
    }
  }

  private tickLive(now: number): void {
    if (this.doubt !== null && now - this.doubt.since >= DOUBT_PATIENCE_MS) {
      this.reconnect();
      return;
    }
    if (this.retryAt !== null) {
      if (now >= this.retryAt) {
        this.resend(now);
        this.flush(now);
      }
      return;
    }
    if (this.gapSince !== null && now - this.gapSince >= GAP_PATIENCE_MS) {
      this.rejoin(now);
      return;
    }
    // "Reconnected, but edits do not flow": ask again rather than trust the connection.
    if (
      this.writable &&
      this.pending.sent.length > 0 &&
      now - this.waitingSince >= ACK_PATIENCE_MS
    ) {
      this.rejoin(now);
      return;
    }
    if (this.checkIsDue(now)) this.effect({ type: "hash", version: this.order.version });
  }

  private checkIsDue(now: number): boolean {
    return (
      this.idle &&
      this.checkedVersion !== this.order.version &&
      now - this.activeAt >= CHECK_IDLE_MS &&
      now - this.checkedAt >= CHECK_INTERVAL_MS
    );
  }

  private send(message: ClientMessage): void {
    this.effect({ type: "send", message });
  }

  private record(record: DeviceRecord): void {
    this.effect({ type: "record", epoch: this.epoch ?? NO_HISTORY, record });
  }

  private effect(effect: SessionEffect): void {
    this.effects.push(effect);
  }
}
