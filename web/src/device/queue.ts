/**
 * The operations that a device has not written yet, in order, as one batch at a time. Pure.
 *
 *   added ──► waiting ──take──► being written ──written──► on the device
 *                ▲                     │
 *                └───────failed────────┘
 *
 * A batch is everything that waits, and is written whole or not at all. So the device has all that
 * happened up to some moment and nothing of what came later: never an edit without what it builds
 * on, and never neither the edit nor the version that it became.
 */

import { condense, essential, type StoreOperation } from "./stored";

/** Operations that wait before they are condensed, as when the storage is full for long. */
const MAX_WAITING = 512;

export class DeviceQueue {
  private waiting: StoreOperation[] = [];
  private writing: StoreOperation[] | null = null;
  private failing = false;

  add(operations: readonly StoreOperation[]): void {
    this.waiting.push(...operations);
    if (this.waiting.length > MAX_WAITING) this.waiting = condense(this.waiting);
  }

  /** The next batch; null while one is being written, or if nothing waits. */
  take(): StoreOperation[] | null {
    if (this.writing !== null || this.waiting.length === 0) return null;
    const batch = condense(this.waiting);
    // What the server has can be had again; edits come first when there is little room.
    this.writing = this.failing ? essential(batch) : batch;
    this.waiting = [];
    return this.writing;
  }

  /** The batch is on the device. */
  written(): void {
    this.writing = null;
    this.failing = false;
  }

  /** The batch is not on the device: it goes first in the next one. */
  failed(): void {
    this.waiting = condense([...(this.writing ?? []), ...this.waiting]);
    if (this.failing) this.waiting = essential(this.waiting);
    this.writing = null;
    this.failing = true;
  }

  /** Whether an edit or a text is neither on the device nor with the server. */
  get holdsOnlyCopy(): boolean {
    const all = condense([...(this.writing ?? []), ...this.waiting]);
    return all.some(({ type }) => type === "put-edit" || type === "keep");
  }

  get isEmpty(): boolean {
    return this.writing === null && this.waiting.length === 0;
  }
}
