/**
 * One document on this device: the shell around the queue of what is to be written and the
 * database. It decides nothing about the document.
 */

import { DeviceDatabase, type Place } from "./database";
import { NextTask } from "../nexttask";
import { ifGone, stayAlive } from "./owner";
import { DeviceQueue } from "./queue";
import type { DeviceRecord } from "./record";
import {
  operationsOf,
  restore,
  type KeptText,
  type ReplicaTraits,
  type Restored,
  type StoredEdit,
} from "./stored";

/** Why what is written here is not on the device. */
export type DeviceTrouble = "full" | "blocked";

const OPEN_DEADLINE_MS = 2_000;
const RETRY_MS = 5_000;
const MAX_RANGES = 100;
const MAX_RANGE_BYTES = 256 * 1024;
/** Adopted edits are numbered below zero, each adoption in a block of its own. */
const ADOPTED_FROM = -(2 ** 45);
const ADOPTED_BLOCK = 2 ** 20;

export interface DeviceSource {
  traits(): ReplicaTraits;
  /** Everything that is pending, as records: for a database that has lost it. */
  pending(): { readonly epoch: string; readonly records: readonly DeviceRecord[] };
  /** `trouble`, or whether the edits are on the device, may be different. */
  changed(): void;
}

export class DocumentDevice {
  trouble: DeviceTrouble | null = null;

  private database: DeviceDatabase | null = null;
  private readonly queue = new DeviceQueue();
  private pumping = false;
  private retry: number | undefined;
  private adoptions = 0;
  private ranges = 0;
  private rangeBytes = 0;
  private letGo: (() => void) | null = null;
  private closed = false;
  private readonly writing = new NextTask(() => this.pump());

  constructor(
    readonly place: Place,
    private readonly tab: string,
    private readonly source: DeviceSource,
  ) {}

  /** Open the database; returns what it has of the document, or null for nothing or trouble. */
  async open(): Promise<Restored | null> {
    try {
      this.letGo ??= await stayAlive(this.tab);
      const database = await withinTime(DeviceDatabase.open(() => this.lost()), OPEN_DEADLINE_MS);
      if (this.closed) {
        database.close();
        return null;
      }
      this.database = database;
      const restored = restore(await database.read(this.place));
      this.ranges = (restored?.updates.length ?? 1) - 1;
      this.setTrouble(null);
      this.pump();
      return restored;
    } catch {
      this.setTrouble("blocked");
      this.retryLater();
      return null;
    }
  }

  record(epoch: string, record: DeviceRecord): void {
    if (record.kind === "range" || record.kind === "accepted") {
      this.ranges += 1;
      this.rangeBytes += record.update.length;
    } else if (record.kind === "state") {
      this.ranges = 0;
      this.rangeBytes = 0;
    }
    this.queue.add(operationsOf(record, epoch, this.tab, this.source.traits()));
    this.pumpSoon();
  }

  /** All pending edits are given up; `text` is what the user had, if it is to be kept. */
  replaced(text: string | null): KeptText | null {
    const kept = text === null ? null : { at: Date.now(), text };
    this.queue.add([
      ...(kept === null ? [] : [{ type: "keep" as const, kept }]),
      { type: "drop-edits", owner: this.tab },
    ]);
    this.pumpSoon();
    return kept;
  }

  /** Keep a text that did not become part of the document. */
  keep(text: string): KeptText {
    const kept = { at: Date.now(), text };
    this.queue.add([{ type: "keep", kept }]);
    this.pumpSoon();
    return kept;
  }

  /** Drop adopted edits, whose text is kept instead. */
  strand(edits: readonly StoredEdit[], text: string): KeptText {
    const kept = { at: Date.now(), text };
    this.queue.add([
      { type: "keep", kept },
      ...edits.map(({ owner, key }) => ({ type: "drop-edit" as const, owner, key })),
    ]);
    this.pumpSoon();
    return kept;
  }

  /** Whether a whole state should take the place of the many ranges that were written. */
  get wantsState(): boolean {
    return this.ranges >= MAX_RANGES || this.rangeBytes >= MAX_RANGE_BYTES;
  }

  /** Whether every pending edit, and every text that is kept, is on the device. */
  get holdsAll(): boolean {
    return this.trouble === null && !this.queue.holdsOnlyCopy;
  }

  /** The edits of tabs that are gone; they are this tab's from here on. */
  async adopt(): Promise<StoredEdit[]> {
    const { database } = this;
    if (database === null) return [];
    const adopted: StoredEdit[] = [];
    try {
      for (const owner of await database.owners(this.place)) {
        if (owner === this.tab) continue;
        await ifGone(owner, async () => {
          this.adoptions += 1;
          const firstKey = ADOPTED_FROM + this.adoptions * ADOPTED_BLOCK;
          adopted.push(...(await database.takeOver(this.place, owner, this.tab, firstKey)));
        });
      }
    } catch {
      this.lost();
    }
    return adopted;
  }

  async kept(): Promise<KeptText[]> {
    try {
      return (await this.database?.kept(this.place)) ?? [];
    } catch {
      return [];
    }
  }

  async forget(kept: KeptText): Promise<void> {
    await this.flushed();
    await this.database?.forget(this.place, kept.at).catch(() => undefined);
  }

  /** The user may not see the document any more. */
  async eraseReplica(): Promise<void> {
    await this.flushed();
    await this.database?.eraseReplica(this.place).catch(() => undefined);
  }

  /** Resolves when nothing waits, or when it cannot be written now. */
  async flushed(): Promise<void> {
    this.pump();
    while (this.pumping) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async close(): Promise<void> {
    await this.flushed();
    this.closed = true;
    this.writing.dispose();
    window.clearTimeout(this.retry);
    this.database?.close();
    this.database = null;
    this.letGo?.();
  }

  // --- writing ---

  /** What happens in one go is written in one go. */
  private pumpSoon(): void {
    this.writing.ask();
  }

  private pump(): void {
    if (this.pumping || this.database === null || this.queue.isEmpty) return;
    this.pumping = true;
    void this.writeAll(this.database).finally(() => {
      this.pumping = false;
      this.source.changed();
    });
  }

  private async writeAll(database: DeviceDatabase): Promise<void> {
    let failures = 0;
    for (let batch = this.queue.take(); batch !== null; batch = this.queue.take()) {
      try {
        await database.write(this.place, batch, !navigator.onLine);
        this.queue.written();
        this.setTrouble(null);
      } catch (error) {
        this.queue.failed();
        failures += 1;
        const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
        // Once more without the copy of what the server has.
        if (isFull && failures === 1) continue;
        this.setTrouble(isFull ? "full" : "blocked");
        this.retryLater();
        return;
      }
    }
  }

  private retryLater(): void {
    window.clearTimeout(this.retry);
    if (this.closed) return;
    this.retry = window.setTimeout(() => {
      if (this.trouble === "blocked") void this.reopen();
      else this.pump();
    }, RETRY_MS);
  }

  /** The database may be another one, so all that is pending is written into it. */
  private async reopen(): Promise<void> {
    this.database?.close();
    this.database = null;
    await this.open();
    if (this.database === null) return;
    const { epoch, records } = this.source.pending();
    for (const record of records) this.record(epoch, record);
  }

  private lost(): void {
    if (this.closed) return;
    this.database = null;
    this.setTrouble("blocked");
    this.retryLater();
  }

  private setTrouble(trouble: DeviceTrouble | null): void {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.source.changed();
  }
}

function withinTime<T>(promise: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("took too long")), deadlineMs);
    void promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
