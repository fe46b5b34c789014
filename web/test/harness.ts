/** A tab without a browser: the pure core, a real replica, and a wire that the test can cut. */

import { mergeUpdates } from "yjs";
import type { ClientMessage, ServerMessage } from "../src/protocol";
import { SessionCore } from "../src/provider/core";
import type { SessionEvent, SessionView } from "../src/provider/sessionevent";
import { Replica } from "../src/provider/replica";
import { splitUpdate } from "../src/provider/split";
import type { DeviceRecord } from "../src/device/record";
import type { PendingEdit } from "../src/provider/pending";
import type { FakeServer, FakeSession } from "./fakeserver";

export class Tab {
  /** Takes what the core notes for a device. */
  recorder: ((epoch: string, record: DeviceRecord) => void) | null = null;
  /** Told when the pending edits are given up, with the text that is to be kept. */
  giveUp: ((text: string | null) => void) | null = null;
  replica: Replica;
  readonly kept: { text: string; reason: string }[] = [];
  /** Everything sent, over all connections. */
  readonly sent: ClientMessage[] = [];
  now = 1_000_000;
  reconnects = 0;

  private readonly core: SessionCore;
  private wire: FakeSession | null = null;
  private toServer: ClientMessage[] = [];
  private toTab: ServerMessage[] = [];
  private queue: SessionEvent[] = [];
  private busy = false;

  constructor(
    private readonly server: FakeServer,
    tag: string,
    private user = tag,
  ) {
    this.core = new SessionCore({ document: "notes", tag, merge: mergeUpdates, split: splitUpdate });
    this.replica = this.newReplica();
  }

  get text(): string {
    return this.replica.text.toString();
  }

  get pendingEdits(): readonly PendingEdit[] {
    return this.core.pendingEdits;
  }

  get view(): SessionView {
    return this.core.view();
  }

  get connected(): boolean {
    return this.wire !== null;
  }

  /** Frames on their way in either direction. */
  get inTransit(): number {
    return this.toServer.length + this.toTab.length;
  }

  /** Begin with what a device had. */
  restore(epoch: string, version: number, updates: readonly Uint8Array[]): void {
    this.replica.applyAll(updates);
    this.handle({ type: "restored", epoch, version, role: "editor", maxChars: null });
  }

  adopt(epoch: string, edits: readonly PendingEdit[]): void {
    this.replica.applyAll(edits.map(({ update }) => update));
    this.handle({ type: "adopted", epoch, edits });
  }

  get state(): Uint8Array {
    return this.replica.encodeState();
  }

  type(at: number, text: string): void {
    this.replica.text.insert(Math.min(at, this.replica.text.length), text);
  }

  erase(at: number, length: number): void {
    this.replica.text.delete(at, length);
  }

  connect(): void {
    const wire: FakeSession = this.server.connect((message) => {
      if (this.wire === wire) this.toTab.push(message);
    });
    this.wire = wire;
    this.handle({ type: "opened", token: this.user });
  }

  /** Lose the connection, with whatever is on its way. */
  cut(): void {
    if (this.wire === null) return;
    this.wire.close();
    this.wire = null;
    this.toServer = [];
    this.toTab = [];
    this.handle({ type: "closed" });
  }

  /** Move one frame from the tab to the server; false if there is none. */
  deliverUp(): boolean {
    const message = this.toServer.shift();
    if (message === undefined || this.wire === null) return false;
    this.wire.receive(message);
    return true;
  }

  /** Move one frame from the server to the tab; false if there is none. */
  deliverDown(): boolean {
    const message = this.toTab.shift();
    if (message === undefined) return false;
    this.handle({ type: "received", message });
    return true;
  }

  /** Lose the frames that the server has sent and the tab has not seen. */
  loseDown(): ServerMessage[] {
    return this.toTab.splice(0);
  }

  /** Move everything until nothing moves. */
  settle(): void {
    while (this.deliverUp() || this.deliverDown());
  }

  wait(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + 1_000);
      this.handle({ type: "tick" });
    }
  }

  /** The tickets from now on are another user's. */
  signInAs(user: string): void {
    this.user = user;
    this.cut();
    this.connect();
  }

  receive(message: ServerMessage): void {
    this.handle({ type: "received", message });
  }

  handle(event: SessionEvent): void {
    this.queue.push(event);
    if (this.busy) return;
    this.busy = true;
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      for (const effect of this.core.handle(next, this.now)) {
        switch (effect.type) {
          case "send":
            this.sent.push(effect.message);
            this.toServer.push(effect.message);
            break;
          case "apply":
            this.replica.apply(effect.update);
            break;
          case "replace":
            this.kept.push({ text: this.text, reason: effect.reason });
            this.giveUp?.(effect.reason === "given-up" ? null : this.replica.textWith(effect.lost));
            this.replica = this.newReplica();
            this.replica.apply(effect.state);
            break;
          case "encode_since":
            this.handle({ type: "encoded", update: this.replica.encodeSince(effect.stateVector) });
            break;
          case "hash":
            this.handle({ type: "hashed", version: effect.version, hash: this.replica.hash() });
            break;
          case "record":
            this.recorder?.(effect.epoch, effect.record);
            break;
          case "author_anew":
            this.replica.authorAnew();
            break;
          case "reconnect":
            this.reconnects += 1;
            this.cut();
            this.connect();
            break;
          case "close":
            this.cut();
            break;
          default:
            break;
        }
      }
    }
    this.busy = false;
  }

  private newReplica(): Replica {
    return new Replica("content", (update) => this.handle({ type: "edited", update }));
  }
}
