/**
 * Edits of this tab that the server has not acknowledged.
 *
 *   added ──► unsent ──take──► sent ──acknowledge──► gone
 *
 * Unsent edits may be merged into one submission, and one that is too large for a message becomes
 * several. Once sent, a submission keeps its id and its bytes for ever: it may have been logged
 * although the answer was lost, and only the same id with the same content is recognised as the
 * same edit. Keys number what is pending here; a device stores it under them.
 */

export interface PendingEdit {
  readonly key: number;
  /** Null until it is sent. */
  readonly id: string | null;
  readonly update: Uint8Array;
  /** Edits of the user in it. */
  readonly edits: number;
}

export interface Submission extends PendingEdit {
  readonly id: string;
}

/** Edits that became submissions. */
export interface Taken {
  readonly keys: readonly number[];
  readonly submissions: readonly Submission[];
}

export type Merge = (updates: Uint8Array[]) => Uint8Array;
export type Split = (update: Uint8Array, maxBytes: number) => Uint8Array[];

/** The pieces of one edit stand between its key and the next. */
const PIECE_STEP = 1 / 4096;

export class PendingEdits {
  private unsent: PendingEdit[] = [];
  private inFlight: Submission[] = [];
  private lastKey = 0;

  constructor(
    private readonly merge: Merge,
    private readonly split: Split,
  ) {}

  /** Edits of the user that are not acknowledged, sent or not. */
  get count(): number {
    return sum(this.inFlight) + sum(this.unsent);
  }

  get isEmpty(): boolean {
    return this.unsent.length === 0 && this.inFlight.length === 0;
  }

  /** Sent and not acknowledged, in the order in which they were sent. */
  get sent(): readonly Submission[] {
    return this.inFlight;
  }

  /** Everything, what was sent first. */
  get all(): readonly PendingEdit[] {
    return [...this.inFlight, ...this.unsent];
  }

  add(update: Uint8Array): PendingEdit {
    const added = { key: this.nextKey(), id: null, update, edits: 1 };
    this.unsent.push(added);
    return added;
  }

  /** Edits of a tab that is gone, in its order, under keys that nothing here has. */
  adopt(edits: readonly PendingEdit[]): void {
    for (const edit of edits) {
      if (edit.id === null) this.unsent.push(edit);
      else this.inFlight.push({ ...edit, id: edit.id });
    }
  }

  /**
   * Make one submission of the oldest unsent edits, of about `maxBytes` at most, or several of one
   * that is larger, and count them as sent. Null if there is nothing to take.
   */
  take(nextId: () => string, maxBytes: number): Taken | null {
    const taken = this.unsent.splice(0, this.fitting(maxBytes));
    const [first] = taken;
    if (first === undefined) return null;
    const whole = taken.length === 1 ? first.update : this.merge(taken.map(({ update }) => update));
    const pieces = this.split(whole, maxBytes);
    const submissions = pieces.map((update, place) => ({
      key: first.key + place * PIECE_STEP,
      id: nextId(),
      update,
      // Counted once: with the last piece all of it is saved.
      edits: place === pieces.length - 1 ? sum(taken) : 0,
    }));
    this.inFlight.push(...submissions);
    return { keys: taken.map(({ key }) => key), submissions };
  }

  /** Count something as sent that is no new edit of the user, such as the answer to a resync. */
  addSent(nextId: () => string, update: Uint8Array, maxBytes: number): Submission[] {
    const submissions = this.split(update, maxBytes).map((piece) => ({
      key: this.nextKey(),
      id: nextId(),
      update: piece,
      edits: 0,
    }));
    this.inFlight.push(...submissions);
    return submissions;
  }

  /** What was waiting under `id`, and does so no more; null if nothing was. */
  acknowledge(id: string): Submission | null {
    const place = this.inFlight.findIndex((entry) => entry.id === id);
    return place < 0 ? null : (this.inFlight.splice(place, 1)[0] ?? null);
  }

  clear(): void {
    this.unsent = [];
    this.inFlight = [];
  }

  private nextKey(): number {
    this.lastKey += 1;
    return this.lastKey;
  }

  /** The number of unsent edits that go together: one at least, if there is any. */
  private fitting(maxBytes: number): number {
    let bytes = 0;
    let count = 0;
    for (const { update } of this.unsent) {
      if (count > 0 && bytes + update.length > maxBytes) break;
      bytes += update.length;
      count += 1;
    }
    return count;
  }
}

const sum = (edits: readonly PendingEdit[]): number =>
  edits.reduce((total, { edits: count }) => total + count, 0);
