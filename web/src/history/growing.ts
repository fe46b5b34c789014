/** Columns of numbers that grow at their end. Pure. */

export class Column {
  private slots = new Float64Array(1024);
  private used = 0;

  get length(): number {
    return this.used;
  }

  push(value: number): void {
    if (this.used === this.slots.length) {
      const wide = new Float64Array(2 * this.used);
      wide.set(this.slots);
      this.slots = wide;
    }
    this.slots[this.used++] = value;
  }

  /** The value at `index`; 0 outside of it. */
  at(index: number): number {
    return index < this.used ? (this.slots[index] ?? 0) : 0;
  }

  get last(): number {
    return this.at(this.used - 1);
  }

  /** The first index whose value is above `value`, where values never fall: their count if there is none. */
  above(value: number): number {
    let [low, high] = [0, this.used];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.slots[middle] ?? 0) > value) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
