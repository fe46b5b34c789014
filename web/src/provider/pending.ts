/**
 * Edits of this tab that the server has not acknowledged.
 *
 *   added ──► unsent ──take──► sent ──acknowledge──► gone
 *
 * Unsent edits may be merged into one submission. Once sent, a submission keeps its id and its
 * bytes for ever: it may have been logged although the answer was lost, and only the same id with
 * the same content is recognised as the same edit.
 *
 * Edits belong to an author: a number that grows when the user takes another name. Submissions
 * never mix authors, and are taken in order.
 */

export interface Submission {
  readonly id: string;
  readonly update: Uint8Array;
  /** Edits of the user in it. */
  readonly edits: number;
  readonly author: number;
}

interface Edit {
  readonly update: Uint8Array;
  readonly author: number;
}

export type Merge = (updates: Uint8Array[]) => Uint8Array;

export class PendingEdits {
  private unsent: Edit[] = [];
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

  add(update: Uint8Array, author: number): void {
    this.unsent.push({ update, author });
  }

  /** The author of the oldest edit, or null when there is none. */
  get oldestAuthor(): number | null {
    return this.inFlight[0]?.author ?? this.unsent[0]?.author ?? null;
  }

  /**
   * Make one submission of the oldest unsent edits of `author`, of about `maxBytes` at most (a
   * single edit that is larger goes alone), and count it as sent. Null if there is nothing to take.
   */
  take(id: string, author: number, maxBytes: number): Submission | null {
    let bytes = 0;
    let count = 0;
    for (const edit of this.unsent) {
      if (edit.author !== author || (count > 0 && bytes + edit.update.length > maxBytes)) break;
      bytes += edit.update.length;
      count += 1;
    }
    const taken = this.unsent.splice(0, count).map((edit) => edit.update);
    const only = taken[0];
    if (only === undefined) return null;
    const update = taken.length === 1 ? only : this.merge(taken);
    const submission = { id, update, edits: count, author };
    this.inFlight.push(submission);
    return submission;
  }

  /** Count something as sent that is no new edit of the user, such as the answer to a resync. */
  addSent(id: string, update: Uint8Array, author: number): void {
    this.inFlight.push({ id, update, edits: 0, author });
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
