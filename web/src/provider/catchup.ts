/** How far the log has come here, and what is missing: everything up to `version` has been applied. */

import { OrderingBuffer, type Range } from "../ordering";

export const GAP_PATIENCE_MS = 3_000;

export class CatchUp {
  private readonly order = new OrderingBuffer<Uint8Array | null>(0);
  /** The head when `joined` was sent: replay is complete when `version` has reached it. */
  private target = 0;
  private gapSince: number | null = null;

  get version(): number {
    return this.order.version;
  }

  get hasGap(): boolean {
    return this.order.gap !== null;
  }

  get isComplete(): boolean {
    return this.order.version >= this.target;
  }

  /** Everything up to `version` is here, and nothing beyond. */
  restart(version: number): void {
    this.order.restart(version);
  }

  /** What came early is forgotten: it comes again. */
  disconnected(): void {
    this.order.restart(this.order.version);
    this.gapSince = null;
  }

  /** The head is not known before `joined` says it. */
  joining(): void {
    this.target = Infinity;
    this.disconnected();
  }

  aimAt(version: number): void {
    this.target = version;
  }

  /** Versions `from`..`to` have come; returns what can be applied now, in order. */
  offer(from: number, to: number, update: Uint8Array | null, now: number): readonly Range<Uint8Array | null>[] {
    const ranges = [...this.order.offer({ from, to, item: update })];
    if (this.order.gap === null) this.gapSince = null;
    else this.gapSince ??= now;
    return ranges;
  }

  /** What is missing does not come by itself. */
  isStalled(now: number): boolean {
    return this.gapSince !== null && now - this.gapSince >= GAP_PATIENCE_MS;
  }
}
