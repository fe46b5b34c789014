/**
 * A document that is open in this tab: the shell that ties the pure core to a replica, to presence
 * and to a connection, and tells the page what changed.
 */

import type { StoredEdit, Restored } from "../device/stored";
import type { ClientMessage } from "../protocol";
import { saveState, type SaveState } from "../savestate";
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  mergeUpdates,
  removeAwarenessStates,
} from "../vendor/yjs";
import { refreshTime, type Admit } from "./admission";
import { Connection } from "./connection";
import { SessionCore } from "./core";
import { Keeping } from "./keeping";
import { Replica } from "./replica";
import type { ReplaceReason, SessionEffect, SessionEvent, SessionView } from "./sessionevent";
import { splitUpdate } from "./split";

export interface SessionListener {
  /** Something in `view()` or `save()` may be different. */
  changed(): void;
  /** `replica` and `awareness` are other objects now; `lost` is the text that was given up, which is kept. */
  replaced(lost: string | null, reason: ReplaceReason): void;
  /** The page shows what belongs to another user than the one who is here. */
  foreign(): void;
  /** The others' cursors may be different. */
  presence(): void;
  /** The server has the first `edits` edits of this user, the last of them as `version`. */
  stored(edits: number, version: number): void;
}

export interface SessionConfig {
  readonly url: string;
  readonly document: string;
  /** Whoever uses the page, as far as that is known, also without a network; null: nobody is. */
  readonly user: () => Promise<string | null>;
  /** A ticket for the next connection. */
  readonly admit: Admit;
}

export class DocumentSession {
  replica: Replica;
  awareness: Awareness;
  readonly keeping: Keeping;
  /** Something that was typed or pasted was not inserted, and the user has not dealt with it. */
  dropped = false;

  private readonly core: SessionCore;
  private readonly connection: Connection;
  private root = "content";
  private queue: SessionEvent[] = [];
  private busy = false;
  /** When the session behind this connection is extended: milliseconds since 1970, or null. */
  private refreshAt: number | null = null;
  private wasRestored = false;

  constructor(
    private readonly config: SessionConfig,
    private readonly listener: SessionListener,
  ) {
    const tag = randomTag();
    this.core = new SessionCore({
      document: config.document,
      tag,
      merge: mergeUpdates,
      split: splitUpdate,
    });
    this.replica = this.newReplica();
    this.awareness = this.newAwareness();
    this.keeping = new Keeping(config.document, tag, {
      view: () => this.view(),
      pendingEdits: () => this.core.pendingEdits,
      root: () => this.root,
      encodeState: () => this.replica.encodeState(),
      restored: (restored) => this.restored(restored),
      adopted: (edits, epoch) => this.adopted(edits, epoch),
      foreign: () => this.leaveToOther(),
      changed: () => this.listener.changed(),
    });
    this.connection = new Connection(config.url, config.admit, {
      opened: ({ token, expiresAt }) => {
        this.refreshAt = refreshTime(expiresAt, Date.now());
        this.handle({ type: "opened", token });
      },
      received: (message) => this.handle({ type: "received", message }),
      closed: () => this.handle({ type: "closed" }),
      gaveUp: (cause, reason) => this.handle({ type: "gave_up", stopped: { cause, reason } }),
      ticked: () => this.ticked(),
      woke: () => this.handle({ type: "woke" }),
    });
  }

  /** Begin with what this device has, and then connect. */
  async start(): Promise<void> {
    await this.keeping.start(await this.config.user());
    this.connection.open();
  }

  /** Connect now: skip the wait, or begin again after the session has stopped. */
  tryNow(): void {
    if (this.view().stopped === null) {
      this.connection.tryNow();
    } else {
      this.handle({ type: "resumed" });
      this.connection.open();
    }
  }

  /** The session began with what this device had. */
  get isRestored(): boolean {
    return this.wasRestored;
  }

  /** The name of the shared type that the text is in. */
  get textRoot(): string {
    return this.root;
  }

  /** The text is in the shared type called `root`; whoever holds the one before must ask anew. */
  setRoot(root: string): void {
    this.root = root;
    this.replica.root = root;
  }

  /** The user has another name: connect again, so that the others see it. */
  renamed(): void {
    if (this.view().stopped === null) this.connection.reopen();
  }

  /** Create a document that does not exist, before anything is written. */
  create(): void {
    this.handle({ type: "create_asked" });
  }

  /** Give up edits that the server does not take, and show its text. */
  giveUp(): void {
    this.handle({ type: "given_up" });
  }

  view(): SessionView {
    return this.core.view();
  }

  /** How many edits the user has made here. */
  get editsMade(): number {
    return this.core.editsMade;
  }

  get writable(): boolean {
    const { loaded, absent, stopped, role } = this.view();
    return loaded && stopped === null && (absent || role === "owner" || role === "editor");
  }

  save(): SaveState {
    const view = this.view();
    return saveState({
      live: view.phase === "live",
      loaded: view.loaded,
      absent: view.absent,
      version: view.version,
      pending: view.pending,
      syncing: view.syncing,
      onDevice: this.keeping.holdsAll,
      dropped: this.dropped,
      doubted: view.doubted,
      writable: view.role === "owner" || view.role === "editor",
      failures: this.connection.failures,
      networkDown: !navigator.onLine,
      stopped: view.stopped !== null,
    });
  }

  dispose(): void {
    this.awareness.destroy();
    this.keeping.dispose();
    this.connection.dispose();
    this.replica.destroy();
  }

  /** Until the page is gone, nothing more is sent: it would be sent in the name of who is here now. */
  private leaveToOther(): void {
    this.connection.dispose();
    this.listener.foreign();
  }

  private ticked(): void {
    this.handle({ type: "tick" });
    if (this.refreshAt !== null && Date.now() >= this.refreshAt) void this.refresh();
  }

  /** Show another ticket on the open socket. Where there is none, the end of the session tells. */
  private async refresh(): Promise<void> {
    this.refreshAt = null;
    const admission = await this.config.admit(true);
    if (admission.kind !== "ticket") return;
    this.refreshAt = refreshTime(admission.expiresAt, Date.now());
    this.handle({ type: "refreshed", token: admission.token });
  }

  /** One event at a time: effects may raise events, which wait their turn. */
  private handle(event: SessionEvent): void {
    this.queue.push(event);
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        for (const effect of this.core.handle(next, performance.now())) this.perform(effect);
      }
    } finally {
      this.busy = false;
    }
    const { phase } = this.view();
    if (phase === "live" || phase === "absent") this.connection.settled();
    this.keeping.settled();
    this.listener.changed();
  }

  private perform(effect: SessionEffect): void {
    switch (effect.type) {
      case "send":
        this.send(effect.message);
        break;
      case "apply":
        this.replica.apply(effect.update);
        break;
      case "replace":
        this.replace(effect.state, effect.reason, effect.lost);
        break;
      case "record":
        this.keeping.record(effect.epoch, effect.record);
        break;
      case "stored":
        this.listener.stored(effect.edits, effect.version);
        break;
      case "encode_since":
        this.handle({ type: "encoded", update: this.replica.encodeSince(effect.stateVector) });
        break;
      case "hash":
        this.handle({ type: "hashed", version: effect.version, hash: this.replica.hash() });
        break;
      case "announce":
        this.announce();
        break;
      case "apply_awareness":
        this.takeAwareness(effect.update);
        break;
      case "forget_awareness":
        this.forgetAwareness();
        break;
      case "author_anew":
        this.authorAnew();
        break;
      case "reconnect":
        this.connection.reopen();
        break;
      case "close":
        this.connection.close();
        break;
    }
  }

  private send(message: ClientMessage): void {
    this.connection.send(message);
  }

  // --- what this device had ---

  private restored({ replica, version, updates }: Restored): void {
    this.setRoot(replica.root);
    this.replica.applyAll(updates);
    const { epoch, role, maxChars } = replica;
    this.wasRestored = true;
    this.handle({ type: "restored", epoch, version, role, maxChars });
  }

  private adopted(edits: readonly StoredEdit[], epoch: string): void {
    this.replica.applyAll(edits.map(({ update }) => update));
    this.handle({ type: "adopted", epoch, edits });
  }

  // --- replica ---

  private newReplica(): Replica {
    return new Replica(this.root, (update) => {
      this.handle({ type: "edited", update });
      this.connection.nudge();
    });
  }

  private replace(state: Uint8Array, reason: ReplaceReason, edits: readonly Uint8Array[]): void {
    const before = this.replica.textWith(edits);
    this.awareness.destroy();
    this.replica.destroy();
    this.replica = this.newReplica();
    this.awareness = this.newAwareness();
    this.replica.apply(state);
    const isSame = before === this.replica.text.toString();
    const lost = isSame || reason === "given-up" ? null : before;
    this.keeping.replaced(lost);
    this.listener.replaced(lost, reason);
  }

  // --- presence ---

  private newAwareness(): Awareness {
    const awareness = new Awareness(this.replica.doc);
    awareness.on("update", (change: AwarenessChange, origin: unknown) => {
      if (origin !== REMOTE && touches(change, awareness.clientID)) this.announce();
    });
    awareness.on("change", () => this.listener.presence());
    return awareness;
  }

  private announce(): void {
    const update = encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]);
    this.handle({ type: "awareness", update });
  }

  private takeAwareness(update: Uint8Array): void {
    try {
      applyAwarenessUpdate(this.awareness, update, REMOTE);
    } catch {
      // Peers write awareness; what cannot be read says nothing and must not stop the document.
    }
  }

  private forgetAwareness(): void {
    const others = [...this.awareness.getStates().keys()].filter(
      (id) => id !== this.awareness.clientID,
    );
    removeAwarenessStates(this.awareness, others, REMOTE);
    // Their clocks too, or the same states would pass for old ones when they come again.
    for (const id of others) this.awareness.meta.delete(id);
  }

  private authorAnew(): void {
    const state = this.awareness.getLocalState();
    removeAwarenessStates(this.awareness, [this.awareness.clientID], "renamed");
    this.replica.authorAnew();
    this.awareness.clientID = this.replica.doc.clientID;
    this.awareness.setLocalState(state);
  }
}

const REMOTE = Symbol("remote presence");

interface AwarenessChange {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

const touches = (change: AwarenessChange, client: number): boolean =>
  change.added.includes(client) ||
  change.updated.includes(client) ||
  change.removed.includes(client);

function randomTag(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}
