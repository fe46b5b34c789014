/**
 * Edits of this tab that the server has not acknowledged.
 *
 *   added ──► unsent ──take──► sent ──acknowledge──► gone
 *
 * Unsent edits may be merged into one submission. Once sent, a submission keeps its id and its
 * bytes for ever: it may have been logged although the answer was lost, and only the same id with
 * the same content is recognised as the same edit.
 */

export interface Submission {
  readonly id: string;
  readonly update: Uint8Array;
  /** Edits of the user in it. */
  readonly edits: number;
}

export type Merge = (updates: Uint8Array[]) => Uint8Array;

export class PendingEdits {
  private unsent: Uint8Array[] = [];
  private inFlight: Submission[] = [];

  constructor(private readonly merge: Merge) {}

  /** Edits of the user that are not acknowledged, sent or not. */
  get count(): number {
    return this.inFlight.reduce((sum, entry) => sum + entry.edits, this.unsent.length);
  }

  get isEmpty(): boolean {
    return this.unsent.length === 0 && this.inFlight.length === 0;
  }

  /** Sent and not acknowledged, in the order in which they were sent. */
  get sent(): readonly Submission[] {
    return this.inFlight;
  }

  get hasUnsent(): boolean {
    return this.unsent.length > 0;
  }

  add(update: Uint8Array): void {
    this.unsent.push(update);
  }

  /**
   * Make one submission of the oldest unsent edits, of about `maxBytes` at most (a single edit that
   * is larger goes alone), and count it as sent. Null if there is nothing to take.
   */
  take(id: string, maxBytes: number): Submission | null {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.unsent) {
      if (count > 0 && bytes + length > maxBytes) break;
      bytes += length;
      count += 1;
    }
    const taken = this.unsent.splice(0, count);
    const only = taken[0];
    if (only === undefined) return null;
    const update = taken.length === 1 ? only : this.merge(taken);
    const submission = { id, update, edits: count };
    this.inFlight.push(submission);
    return submission;
  }

  /** Count something as sent that is no new edit of the user, such as the answer to a resync. */
  addSent(id: string, update: Uint8Array): void {
    this.inFlight.push({ id, update, edits: 0 });
  }

  /** True if `id` was waiting. */
  acknowledge(id: string): boolean {
    const place = this.inFlight.findIndex((entry) => entry.id === id);
    if (place < 0) return false;
    this.inFlight.splice(place, 1);
    return true;
  }

  clear(): void {
    this.unsent = [];
    this.inFlight = [];
  }
}
