/** Everything that was ever inserted into a document, counted in code points. Pure. */

import { Column } from "./growing";

export class InsertedText {
  private text = "";
  private waiting: string[] = [];
  private count = 0;
  /** Where characters of two UTF-16 units stand, in code points. */
  private readonly pairs = new Column();

  /** In code points. */
  get length(): number {
    return this.count;
  }

  append(text: string): void {
    this.waiting.push(text);
    if (!/[\ud800-\udbff]/.test(text)) {
      this.count += text.length;
      return;
    }
    for (const character of text) {
      if (character.length === 2) this.pairs.push(this.count);
      this.count++;
    }
  }

  slice(from: number, length: number): string {
    if (this.waiting.length > 0) {
      this.text = [this.text, ...this.waiting].join("");
      this.waiting = [];
    }
    return this.text.slice(this.unit(from), this.unit(from + length));
  }

  /** The UTF-16 units of `length` characters from `from` on. */
  units(from: number, length: number): number {
    return this.pairs.length === 0 ? length : this.unit(from + length) - this.unit(from);
  }

  private unit(at: number): number {
    return this.pairs.length === 0 ? at : at + this.pairs.above(at - 1);
  }
}
