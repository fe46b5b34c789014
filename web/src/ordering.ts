/**
 * Which versions have come, and what must wait for them.
 *
 * The server sends ranges of versions in order, but acknowledgements, merged updates and replays
 * overlap, and a lost or late message must be noticed. This buffer drops what is known, holds what
 * is early, hands out what is due, and names the gap that the rest waits for.
 */

/** Versions `from`..`to`, both included, and what they bring. */
export interface Range<T> {
  readonly from: number;
  readonly to: number;
  readonly item: T;
}

export interface Gap {
  /** Everything after this version is missing … */
  readonly after: number;
  /** … up to this one, from where something is held. */
  readonly upto: number;
}

export class OrderingBuffer<T> {
  private held: Range<T>[] = [];
  private overflowed = false;
  private newest = 0;

  /**
   * @param version everything up to it is known
   * @param maxHeld ranges kept while waiting; when there are more, all are dropped and the gap
   *   reaches up to the newest of them, to be asked for again
   */
  constructor(
    private known: number,
    private readonly maxHeld = 1024,
  ) {}

  /** Everything up to this version has come. */
  get version(): number {
    return this.known;
  }

  /** What is missing before the held ranges can be used, or null. */
  get gap(): Gap | null {
    const first = this.held[0];
    if (first !== undefined) return { after: this.known, upto: first.from - 1 };
    return this.overflowed && this.newest > this.known
      ? { after: this.known, upto: this.newest }
      : null;
  }

  /** Take a range; return what is due now, in version order. Known and empty ranges give nothing. */
  offer(range: Range<T>): Range<T>[] {
    if (range.to <= this.known || range.to < range.from) return [];
    this.newest = Math.max(this.newest, range.to);
    if (range.from > this.known + 1) {
      this.hold(range);
      return [];
    }
    this.known = range.to;
    return [range, ...this.drain()];
  }

  /** Forget what is held and continue from `version`, as after a full state or a new connection. */
  restart(version: number): void {
    this.known = version;
    this.held = [];
    this.overflowed = false;
    this.newest = version;
  }

  private hold(range: Range<T>): void {
    if (this.held.length >= this.maxHeld) {
      this.held = [];
      this.overflowed = true;
      return;
    }
    const place = this.held.findIndex((other) => other.from > range.from);
    this.held.splice(place < 0 ? this.held.length : place, 0, range);
  }

  private drain(): Range<T>[] {
    const due: Range<T>[] = [];
    while (this.held[0] !== undefined && this.held[0].from <= this.known + 1) {
      const range = this.held[0];
      this.held.shift();
      if (range.to <= this.known) continue;
      this.known = range.to;
      due.push(range);
    }
    return due;
  }
}
