/**
 * A document that is open in this tab: the shell that ties the pure core to a replica, to presence
 * and to a connection, and tells the page what changed.
 */

import type { ClientMessage } from "../protocol";
import { saveState, type SaveState } from "../savestate";
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  mergeUpdates,
  removeAwarenessStates,
} from "../vendor/yjs";
import { Connection } from "./connection";
import {
  SessionCore,
  type ReplaceReason,
  type SessionEffect,
  type SessionEvent,
  type SessionView,
} from "./core";
import { Replica } from "./replica";

export interface SessionListener {
  /** Something in `view()` or `save()` may be different. */
  changed(): void;
  /** `replica` and `awareness` are other objects now; `lost` is the text that was given up. */
  replaced(lost: string | null, reason: ReplaceReason): void;
  /** The others' cursors may be different. */
  presence(): void;
}

export interface SessionConfig {
  readonly url: string;
  readonly document: string;
  readonly name: string;
}

export class DocumentSession {
  replica: Replica;
  awareness: Awareness;

  private readonly core: SessionCore;
  private readonly connection: Connection;
  private root = "content";
  private queue: SessionEvent[] = [];
  private busy = false;

  constructor(
    config: SessionConfig,
    private readonly listener: SessionListener,
  ) {
    this.core = new SessionCore({
      document: config.document,
      tag: randomTag(),
      name: config.name,
      merge: mergeUpdates,
    });
    this.replica = this.newReplica();
    this.awareness = this.newAwareness();
    this.connection = new Connection(config.url, {
      opened: () => this.handle({ type: "opened" }),
      received: (message) => this.handle({ type: "received", message }),
      closed: () => this.handle({ type: "closed" }),
      gaveUp: (reason) => this.handle({ type: "gave_up", reason }),
      ticked: () => this.handle({ type: "tick" }),
    });
  }

  start(): void {
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

  /** The name of the shared type that the text is in. */
  get textRoot(): string {
    return this.root;
  }

  /** The text is in the shared type called `root`; whoever holds the one before must ask anew. */
  setRoot(root: string): void {
    this.root = root;
    this.replica.root = root;
  }

  rename(name: string): void {
    this.handle({ type: "renamed", name });
  }

  view(): SessionView {
    return this.core.view();
  }

  get writable(): boolean {
    const { loaded, stopped, role } = this.view();
    return loaded && stopped === null && (role === "owner" || role === "editor");
  }

  save(): SaveState {
    const view = this.view();
    return saveState({
      live: view.phase === "live",
      loaded: view.loaded,
      version: view.version,
      pending: view.pending,
      writable: view.role === "owner" || view.role === "editor",
      failures: this.connection.failures,
      networkDown: !navigator.onLine,
      stopped: view.stopped,
    });
  }

  dispose(): void {
    this.awareness.destroy();
    this.connection.dispose();
    this.replica.destroy();
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
    if (this.view().phase === "live") this.connection.settled();
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
        this.replace(effect.state, effect.reason);
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

  // --- replica ---

  private newReplica(): Replica {
    return new Replica(this.root, (update) => this.handle({ type: "edited", update }));
  }

  private replace(state: Uint8Array, reason: ReplaceReason): void {
    const before = this.replica.text.toString();
    this.awareness.destroy();
    this.replica.destroy();
    this.replica = this.newReplica();
    this.awareness = this.newAwareness();
    this.replica.apply(state);
    this.listener.replaced(before === this.replica.text.toString() ? null : before, reason);
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
