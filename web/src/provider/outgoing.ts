/**
 * The user's edits on their way to the server: what is sent, what has been answered, when it is sent again,
 * and which edit the server does not take. It knows no connection; what goes out is handed to `OutgoingLine`.
 */

import type { DeviceRecord } from "../device/record";
import type { ErrorReport } from "../protocol";
import { PendingEdits, type PendingEdit, type Submission } from "./pending";
import type { DiscardReason, SessionOptions } from "./sessionevent";

export const MAX_IN_FLIGHT = 64;
export const ACK_PATIENCE_MS = 20_000;
export const RETRY_DELAY_MS = 2_000;
/** Times that an update the server gave up on is offered again before it counts as refused. */
export const MAX_REJOINS_FOR_UPDATE = 3;
const DEFAULT_MESSAGE_BYTES = 256 * 1024;

export interface OutgoingLine {
  submit(id: string, update: Uint8Array): void;
  record(record: DeviceRecord): void;
}

export class Outgoing {
  /** The replica holds edits that are not to be kept: the next join replaces it. */
  discard: DiscardReason | null = null;
  /** The server has said that it cannot store for the moment. */
  storeTrouble = false;

  private readonly pending: PendingEdits;
  private readonly rejoins = new Map<string, number>();
  private syncing = false;
  private maxBatchBytes = DEFAULT_MESSAGE_BYTES;
  private counter = 0;
  private made = 0;
  private stored = 0;
  private retryAt: number | null = null;
  private waitingSince = 0;

  constructor(
    private readonly options: SessionOptions,
    private readonly line: OutgoingLine,
  ) {
    this.pending = new PendingEdits(options.merge, options.split);
  }

  get isEmpty(): boolean {
    return this.pending.isEmpty;
  }

  get count(): number {
    return this.pending.count;
  }

  /** Not acknowledged, in the order of sending. */
  get all(): readonly PendingEdit[] {
    return this.pending.all;
  }

  /** Edits that the user has made here, and how many of them the server has: the first ones. */
  get edits(): { readonly made: number; readonly stored: number } {
    return { made: this.made, stored: this.stored };
  }

  /** Edits of a time without connection are on their way. */
  get isSyncing(): boolean {
    return this.syncing && !this.pending.isEmpty;
  }

  /** A message may have so many bytes. */
  limit(maxMessageBytes: number): void {
    // base64 makes 4 of 3, and the rest of the message needs some room too
    this.maxBatchBytes = Math.floor(maxMessageBytes * 0.7);
  }

  /** The user has changed the replica. */
  add(update: Uint8Array): void {
    this.made += 1;
    this.line.record({ kind: "edited", edit: this.pending.add(update) });
  }

  /** Edits of a tab that is gone are this one's to send. */
  adopt(edits: readonly PendingEdit[]): void {
    this.pending.adopt(edits);
  }

  /** There is no connection any more. */
  disconnected(): void {
    this.retryAt = null;
  }

  /** The document is live: what waits now is from the time before. */
  connected(): void {
    this.syncing = !this.pending.isEmpty;
  }

  /** Send what may be sent. */
  flush(now: number): void {
    if (this.retryAt !== null || this.discard !== null) return;
    if (this.pending.sent.length === 0) this.waitingSince = now;
    while (this.pending.sent.length < MAX_IN_FLIGHT) {
      const taken = this.pending.take(this.nextId, this.maxBatchBytes);
      if (taken === null) return;
      this.line.record({ kind: "submitted", ...taken });
      for (const { id, update } of taken.submissions) this.line.submit(id, update);
    }
  }

  /** What waits for an answer is to be asked about anew from `now` on. */
  restart(now: number): void {
    this.retryAt = null;
    this.waitingSince = now;
  }

  /** Send everything that was sent and not answered, verbatim and in order. */
  resend(): void {
    for (const { id, update } of this.pending.sent) this.line.submit(id, update);
  }

  /** Send what the replica has and the server lacks. */
  answerResync(update: Uint8Array): void {
    const submissions = this.pending.addSent(this.nextId, update, this.maxBatchBytes);
    this.line.record({ kind: "submitted", keys: [], submissions });
    for (const { id, update: piece } of submissions) this.line.submit(id, piece);
  }

  /** The submission that the server has taken, or null: it is none of these. */
  acknowledge(id: string, now: number): Submission | null {
    const mine = this.pending.acknowledge(id);
    // Those of a tab that is gone have keys below zero.
    if (mine !== null && mine.key > 0) this.stored += mine.edits;
    this.rejoins.delete(id);
    this.storeTrouble = false;
    this.syncing &&= !this.pending.isEmpty;
    this.waitingSince = now;
    return mine;
  }

  /** The server does not take a submission, now or for good; false: it is none of these. */
  refuse({ id, code, retryable }: ErrorReport): boolean {
    if (id === undefined || !this.pending.sent.some((entry) => entry.id === id)) return false;
    const attempts = (this.rejoins.get(id) ?? 0) + 1;
    if (retryable && attempts <= MAX_REJOINS_FOR_UPDATE) {
      this.rejoins.set(id, attempts);
    } else {
      // Later edits build on this one, so the replica cannot be saved; its text can.
      this.discard = code === "document_full" ? "full" : "refused";
    }
    return true;
  }

  retryLater(delayMs: number, now: number): void {
    this.retryAt = now + Math.max(delayMs, RETRY_DELAY_MS);
  }

  /** Whether a retry is waited for, and whether its time has come. */
  retry(now: number): "none" | "waits" | "due" {
    if (this.retryAt === null) return "none";
    return now >= this.retryAt ? "due" : "waits";
  }

  /** "Reconnected, but edits do not flow": an answer has been waited for too long. */
  isStalled(now: number): boolean {
    return this.pending.sent.length > 0 && now - this.waitingSince >= ACK_PATIENCE_MS;
  }

  /** Forget what is pending; returns it. */
  drop(): readonly Uint8Array[] {
    const lost = this.pending.all.map(({ update }) => update);
    this.pending.clear();
    this.rejoins.clear();
    this.discard = null;
    return lost;
  }

  /** Forget what is pending, and nothing else. */
  clear(): void {
    this.pending.clear();
  }

  private readonly nextId = (): string => {
    this.counter += 1;
    return `${this.options.tag}.${this.counter}`;
  };
}
