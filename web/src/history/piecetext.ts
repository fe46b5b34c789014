/**
 * A text as pieces of a longer one: of everything that was ever inserted into a document, one insertion behind
 * the other. So a piece tells what is written and, by its place there, who wrote it. All counts are code points.
 * Pure.
 */

/** The pieces of a text in order, as start, length, start, length … of the inserted text. */
export type Pieces = Int32Array;

const FIRST_ROOM = 64;

/**
 * The pieces with a gap among them, where the last change was: writing goes on mostly where it was, and
 * then little has to move.
 */
export class PieceText {
  private starts: Int32Array;
  private lengths: Int32Array;
  /** The pieces before the gap end at `low`, those behind it begin at `high`. */
  private low = 0;
  private high: number;
  /** Characters before the gap. */
  private place = 0;
  private total = 0;

  constructor(pieces: Pieces = new Int32Array(0)) {
    const count = pieces.length / 2;
    const room = count + FIRST_ROOM;
    this.starts = new Int32Array(room);
    this.lengths = new Int32Array(room);
    this.high = room - count;
    for (let index = 0; index < count; index++) {
      this.starts[this.high + index] = pieces[2 * index] ?? 0;
      this.total += this.lengths[this.high + index] = pieces[2 * index + 1] ?? 0;
    }
  }

  get length(): number {
    return this.total;
  }

  get count(): number {
    return this.low + this.starts.length - this.high;
  }

  /** Put the `inserted` characters from `from` of the inserted text in place of the `deleted` ones at `at`. */
  replace(at: number, deleted: number, inserted: number, from: number): void {
    this.moveGap(Math.min(at, this.total));
    this.deleteBehind(deleted);
    if (inserted > 0) this.insertBefore(from, inserted);
  }

  /** The pieces of `length` characters from `at` on. */
  slice(at: number, length: number): Pieces {
    const found: number[] = [];
    let end = 0;
    const last = at + length;
    for (let index = 0; index < this.count && end < last; index++) {
      const slot = index < this.low ? index : index - this.low + this.high;
      const start = end;
      end += this.lengths[slot] ?? 0;
      const [from, to] = [Math.max(start, at), Math.min(end, last)];
      if (to > from) found.push((this.starts[slot] ?? 0) + from - start, to - from);
    }
    return Int32Array.from(found);
  }

  snapshot(): Pieces {
    const pieces = new Int32Array(2 * this.count);
    let next = 0;
    const add = (from: number, to: number): void => {
      for (let slot = from; slot < to; slot++) {
        pieces[next++] = this.starts[slot] ?? 0;
        pieces[next++] = this.lengths[slot] ?? 0;
      }
    };
    add(0, this.low);
    add(this.high, this.starts.length);
    return pieces;
  }

  /** Have the gap at `at`; a piece that lies across it is cut in two. */
  private moveGap(at: number): void {
    while (this.place > at) {
      const slot = --this.low;
      const length = this.lengths[slot] ?? 0;
      this.place -= length;
      this.putBehind(this.starts[slot] ?? 0, length);
    }
    while (this.place < at) {
      const slot = this.high++;
      const [start, length] = [this.starts[slot] ?? 0, this.lengths[slot] ?? 0];
      const before = Math.min(length, at - this.place);
      this.putBefore(start, before);
      if (before < length) this.putBehind(start + before, length - before);
    }
  }

  private deleteBehind(deleted: number): void {
    let left = Math.min(deleted, this.total - this.place);
    this.total -= left;
    while (left > 0) {
      const slot = this.high++;
      const [start, length] = [this.starts[slot] ?? 0, this.lengths[slot] ?? 0];
      if (length > left) this.putBehind(start + left, length - left);
      left -= Math.min(left, length);
    }
  }

  private insertBefore(from: number, length: number): void {
    this.putBefore(from, length);
    this.total += length;
  }

  private putBefore(start: number, length: number): void {
    const last = this.low - 1;
    if (last >= 0 && (this.starts[last] ?? 0) + (this.lengths[last] ?? 0) === start) {
      this.lengths[last] = (this.lengths[last] ?? 0) + length;
    } else {
      this.makeRoom();
      this.starts[this.low] = start;
      this.lengths[this.low++] = length;
    }
    this.place += length;
  }

  private putBehind(start: number, length: number): void {
    if (this.high < this.starts.length && start + length === this.starts[this.high]) {
      this.starts[this.high] = start;
      this.lengths[this.high] = (this.lengths[this.high] ?? 0) + length;
      return;
    }
    this.makeRoom();
    this.starts[--this.high] = start;
    this.lengths[this.high] = length;
  }

  private makeRoom(): void {
    if (this.low < this.high) return;
    const before = this.starts.length;
    const room = 2 * before;
    const widened = (slots: Int32Array): Int32Array => {
      const wide = new Int32Array(room);
      wide.set(slots.subarray(0, this.low));
      wide.set(slots.subarray(this.high), room - (before - this.high));
      return wide;
    };
    [this.starts, this.lengths] = [widened(this.starts), widened(this.lengths)];
    this.high = room - (before - this.high);
  }
}
