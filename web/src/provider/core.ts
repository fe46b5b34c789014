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
import type { ClientMessage, ErrorReport, Joined, Member, Role, ServerMessage, User } from "../protocol";
import { CatchUp } from "./catchup";
import { Doubt } from "./doubt";
import { Outgoing } from "./outgoing";
import type { PendingEdit } from "./pending";
import type {
  Phase,
  ReplaceReason,
  SessionEffect,
  SessionEvent,
  SessionOptions,
  SessionView,
  Stopped,
} from "./sessionevent";
import { TextCheck } from "./textcheck";

/** A whole document may be on its way while joining. */
export const ANSWER_DEADLINE_MS = { authenticating: 10_000, joining: 60_000 } as const;
/** How often to look whether somebody else has created the document. */
export const ABSENT_LOOK_MS = 10_000;
/** Version 0 of any document is empty: SHA-256 of no bytes. */
const HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

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
  private absent = false;
  private createAsked = false;
  private maxChars: number | null = null;
  private phaseSince = 0;
  private effects: SessionEffect[] = [];

  private readonly doubt = new Doubt();
  private readonly catchUp = new CatchUp();
  private readonly check = new TextCheck();
  private readonly outgoing: Outgoing;

  constructor(private readonly options: SessionOptions) {
    this.outgoing = new Outgoing(options, {
      submit: (id, update) => this.send({ type: "update", doc: this.options.document, id, update }),
      record: (record) => this.record(record),
    });
  }

  view(): SessionView {
    return {
      phase: this.phase,
      loaded: this.loaded,
      absent: this.absent,
      version: this.catchUp.version,
      epoch: this.epoch,
      pending: this.outgoing.count,
      role: this.role,
      maxChars: this.maxChars,
      doubted: this.doubt.isOpen,
      syncing: this.outgoing.isSyncing,
      storeTrouble: this.outgoing.storeTrouble,
      stopped: this.stopped,
      user: this.user,
      session: this.session,
      members: this.members,
    };
  }

  /** Edits that the server has not acknowledged, in the order of sending. */
  get pendingEdits(): readonly PendingEdit[] {
    return this.outgoing.all;
  }

  /** How many edits the user has made here. */
  get editsMade(): number {
    return this.outgoing.edits.made;
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
        this.check.active(now);
        this.outgoing.add(event.update);
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
    this.catchUp.restart(event.version);
  }

  private adopted(edits: readonly PendingEdit[], epoch: string, now: number): void {
    if (epoch !== NO_HISTORY) this.epoch ??= epoch;
    this.outgoing.adopt(edits);
    if (this.phase === "absent") this.join(now);
    if (this.phase === "live") this.resend(now);
    this.flush(now);
  }

  private giveUp(now: number): void {
    this.record({ kind: "renounced" });
    if (this.phase === "stopped") this.outgoing.clear();
    else this.outgoing.discard = "given-up";
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
    this.doubt.settle();
    this.catchUp.disconnected();
    this.outgoing.disconnected();
    this.members = [];
    this.effect({ type: "forget_awareness" });
  }

  private stop(stopped: Stopped): void {
    if (this.phase === "stopped") return;
    this.phase = "stopped";
    this.stopped = stopped;
    this.doubt.settle();
    this.member = false;
    this.members = [];
    this.effect({ type: "forget_awareness" });
    this.effect({ type: "close" });
  }

  /** Nothing is believed to be saved before the server has answered once more. */
  private woke(now: number): void {
    if (this.phase !== "live") return;
    this.send({ type: "ping", nonce: this.doubt.ask(now) });
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
    this.catchUp.joining();
    const resume =
      this.loaded && this.outgoing.discard === null && this.epoch !== null
        ? { since: this.catchUp.version, epoch: this.epoch }
        : {};
    // An address is looked at more often than it is meant to become a document.
    const create = this.absent && (this.createAsked || !this.outgoing.isEmpty);
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
        this.outgoing.limit(message.limits.max_message_bytes);
        this.maxChars = message.limits.max_document_chars;
        if (this.phase === "authenticating") this.join(now);
        break;
      case "joined":
        this.joined(message, now);
        break;
      case "updates":
        this.check.active(now);
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
        if (message.hash !== null) this.check.agreed(message.version);
        break;
      case "diverged":
        this.diverged(message.version, message.state, now);
        break;
      case "error":
        this.failed(message, now);
        break;
      case "pong":
        this.doubt.answered(message.nonce);
        break;
    }
  }

  private joined(message: Joined, now: number): void {
    if (this.phase !== "joining") return;
    // The answer to an earlier join: the one that brings the state is still to come.
    if (this.outgoing.discard !== null && message.state === undefined) return;
    this.member = true;
    this.absent = false;
    this.role = message.role;
    this.members = [...message.members];
    this.catchUp.aimAt(message.version);
    const known = this.epoch;
    this.epoch = message.epoch;
    if (message.state !== undefined) this.takeState(message.state, message, known);
    this.check.forget();
    this.effect({ type: "announce" });
    // What waits for an answer goes out again before anything new: later edits build on it.
    this.resend(now);
    this.settle(now);
  }

  private takeState(state: Uint8Array, message: Joined, known: string | null): void {
    const isOtherHistory = known !== null && known !== message.epoch;
    const reason: ReplaceReason | null = this.outgoing.discard ?? (isOtherHistory ? "epoch" : null);
    if (reason === null) {
      this.effect({ type: "apply", update: state });
    } else {
      this.replace(state, reason);
    }
    this.catchUp.restart(message.version);
    this.loaded = true;
    this.record({ kind: "state", state, version: message.version });
  }

  private replace(state: Uint8Array, reason: ReplaceReason): void {
    this.effect({ type: "replace", state, reason, lost: this.outgoing.drop() });
  }

  /** Versions `from`..`to` have come: as an update, or (null) as an ack of what is here already. */
  private take(from: number, to: number, update: Uint8Array | null, now: number): void {
    if (to <= this.catchUp.version && update !== null) {
      // Known by its number. Merging it again costs nothing and needs no trust in the number.
      this.effect({ type: "apply", update });
      return;
    }
    for (const range of this.catchUp.offer(from, to, update, now)) {
      if (range.item === null) continue;
      this.effect({ type: "apply", update: range.item });
      this.record({ kind: "range", from: range.from, to: range.to, update: range.item });
    }
    if (this.phase === "joining") this.phaseSince = now; // a long replay is no silence
    this.settle(now);
  }

  /** Go from joining to live when the replay is complete. */
  private settle(now: number): void {
    if (this.phase !== "joining" || !this.catchUp.isComplete) return;
    this.loaded = true;
    this.outgoing.connected();
    this.enter("live", now);
    this.flush(now);
  }

  private acknowledged(id: string, version: number, changed: boolean, now: number): void {
    this.check.active(now);
    const mine = this.outgoing.acknowledge(id, now);
    // Only a submission whose bytes are in this replica may stand for its version.
    if (mine !== null && changed) {
      const { key, update } = mine;
      this.record({ kind: "accepted", key, version, update });
      this.take(version, version, null, now);
    } else if (mine !== null) {
      this.record({ kind: "settled", key: mine.key });
    }
    if (mine !== null) this.effect({ type: "stored", edits: this.outgoing.edits.stored, version });
    this.flush(now);
  }

  // --- edits ---

  private get writable(): boolean {
    return this.role === "owner" || this.role === "editor";
  }

  /** Send what may be sent. */
  private flush(now: number): void {
    if (this.phase === "live" && this.writable) this.outgoing.flush(now);
  }

  /** What was sent and not answered goes out again, if it may. */
  private resend(now: number): void {
    this.outgoing.restart(now);
    if (this.writable) this.outgoing.resend();
  }

  private answerResync(update: Uint8Array): void {
    if (this.phase === "live" || this.phase === "joining") this.outgoing.answerResync(update);
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
    if (!wasWritable && this.phase === "live" && this.outgoing.discard === null) this.resend(now);
    this.flush(now);
  }

  // --- errors ---

  private failed(report: ErrorReport, now: number): void {
    switch (report.code) {
      case "rate_limited":
      case "store_unavailable":
        this.outgoing.storeTrouble = report.code === "store_unavailable";
        this.outgoing.retryLater((report.retry_after_s ?? 0) * 1000, now);
        return;
      case "read_only":
        if (report.retryable) this.outgoing.retryLater(0, now);
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
    if (this.createAsked || !this.outgoing.isEmpty) this.join(now);
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
    if (this.outgoing.refuse(report)) {
      this.rejoin(now);
    } else if (this.phase === "joining" && report.doc !== undefined && !report.retryable) {
      this.stop({ cause: "broken", reason: "other", detail: report.message });
    }
  }

  private rejoin(now: number): void {
    if (this.phase === "live" || this.phase === "joining") this.join(now);
  }

  // --- divergence ---

  private get idle(): boolean {
    return this.phase === "live" && this.outgoing.isEmpty && !this.catchUp.hasGap;
  }

  private sendCheck(version: number, hash: string, now: number): void {
    if (!this.idle || version !== this.catchUp.version) return;
    this.check.asked(now);
    this.send({ type: "check", doc: this.options.document, version, hash });
  }

  private diverged(version: number, state: Uint8Array, now: number): void {
    // Edits made since the check belong to the log first; the next check finds the rest.
    if (!this.idle) return;
    this.replace(state, "diverged");
    this.catchUp.restart(version);
    this.record({ kind: "state", state, version });
    this.effect({ type: "announce" });
    this.check.active(now);
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
    if (this.doubt.isLost(now)) {
      this.reconnect();
      return;
    }
    const retry = this.outgoing.retry(now);
    if (retry === "due") {
      this.resend(now);
      this.flush(now);
    }
    if (retry !== "none") return;
    // Also when "reconnected, but edits do not flow": ask again rather than trust the connection.
    if (this.catchUp.isStalled(now) || (this.writable && this.outgoing.isStalled(now))) {
      this.rejoin(now);
      return;
    }
    const { version } = this.catchUp;
    if (this.idle && this.check.isDue(version, now)) this.effect({ type: "hash", version });
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
