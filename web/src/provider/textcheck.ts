/** When the text here is compared with the server's by its hash: once for each version, after a pause. */

export const CHECK_IDLE_MS = 5_000;
export const CHECK_INTERVAL_MS = 30_000;

export class TextCheck {
  private activeAt = 0;
  private checkedAt = 0;
  private checkedVersion = -1;

  /** Something was written, here or elsewhere. */
  active(now: number): void {
    this.activeAt = now;
  }

  asked(now: number): void {
    this.checkedAt = now;
  }

  /** The server has the same text at `version`. */
  agreed(version: number): void {
    this.checkedVersion = version;
  }

  /** Nothing is known to agree any more. */
  forget(): void {
    this.checkedVersion = -1;
  }

  isDue(version: number, now: number): boolean {
    return (
      this.checkedVersion !== version &&
      now - this.activeAt >= CHECK_IDLE_MS &&
      now - this.checkedAt >= CHECK_INTERVAL_MS
    );
  }
}
