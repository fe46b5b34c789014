/** Whether a connection that looks open is alive: a round trip decides after the page has slept. */

/** A round trip after a sleep takes no longer, or the socket is dead. */
export const DOUBT_PATIENCE_MS = 5_000;

export class Doubt {
  private nonce = 0;
  private since: number | null = null;

  /** A round trip is under way. */
  get isOpen(): boolean {
    return this.since !== null;
  }

  /** Begin, or ask once more; returns the number that the answer must have. */
  ask(now: number): number {
    this.nonce += 1;
    this.since ??= now;
    return this.nonce;
  }

  answered(nonce: string | number | undefined): void {
    if (nonce === this.nonce) this.since = null;
  }

  settle(): void {
    this.since = null;
  }

  isLost(now: number): boolean {
    return this.since !== null && now - this.since >= DOUBT_PATIENCE_MS;
  }
}
