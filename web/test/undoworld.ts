/**
 * People with an undo stack each, and a server that merges, numbers and restores versions, over a
 * network that delivers in order but whenever it likes.
 */

import { UndoSteps } from "../src/editor/undosteps";
import { CatchUp } from "../src/provider/catchup";
import { Doc, applyUpdate, encodeStateAsUpdate } from "../src/vendor/yjs";

export class Random {
  constructor(private seed: number) {}

  below(bound: number): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.seed / 4294967296) * bound);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

/** A text is a sequence of words that are all different, so that whatever came twice is seen. */
export const wordsOf = (text: string): string[] => text.match(/\[[a-z]+\]/g) ?? [];

export function doubled(text: string): string[] {
  const seen = new Set<string>();
  return wordsOf(text).filter((word) => seen.size === seen.add(word).size);
}

const SERVER = Symbol("server");

/** A version of the document; to who wrote it, it comes as an acknowledgement of that many edits. */
interface Delivery {
  readonly update: Uint8Array;
  readonly version: number;
  readonly author: Person | null;
  readonly edits: number;
}

export class Person {
  readonly doc = new Doc();
  readonly steps: UndoSteps;
  readonly out: (() => void)[] = [];
  /** From the server; the answer to a restore comes on a way of its own, and is not lost with the connection. */
  in: (Delivery | (() => void))[] = [];
  private readonly catchUp = new CatchUp();
  private edits = 0;
  private acknowledgedEdits = 0;
  private applying: Uint8Array | null = null;

  constructor(
    private readonly world: World,
    readonly id: number,
  ) {
    this.doc.clientID = id;
    this.steps = new UndoSteps(this.shared, {
      serverOrigin: SERVER,
      version: () => this.version,
      isPeer: () => false,
      edits: () => this.edits,
      applying: () => this.applying,
    });
    this.steps.own(this);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === SERVER) return;
      const count = ++this.edits;
      this.out.push(() => this.world.merge(update, this, count));
    });
  }

  get shared(): ReturnType<Doc["getText"]> {
    return this.doc.getText("content");
  }

  get text(): string {
    return this.shared.toString();
  }

  /** Replace the words `from`..`to` by `insert`, as one step. */
  edit(from: number, to: number, insert: string): void {
    const words = wordsOf(this.text);
    const at = words.slice(0, from).join("").length;
    const length = words.slice(from, to).join("").length;
    this.steps.apart(() =>
      this.doc.transact(() => {
        if (length > 0) this.shared.delete(at, length);
        if (insert !== "") this.shared.insert(at, insert);
      }, this),
    );
  }

  /** Ask the server for an old version; the answer comes at some time, and so does the change. */
  restore(version: number): void {
    this.steps.expectRestore();
    this.out.push(() => {
      const restored = this.world.restore(version);
      this.in.push(() => this.steps.restoredBy(restored));
    });
  }

  get version(): number {
    return this.catchUp.version;
  }

  /** The connection is lost with all that was on its way here, and another one brings it again. */
  reconnect(): void {
    const log = this.world.log.filter(({ version }) => version > this.version);
    // What the server has of one's own comes as an update, too, before it is acknowledged.
    const own = this.world.log.filter(({ author, edits }) => author === this && edits > this.acknowledgedEdits);
    this.catchUp.disconnected();
    this.in = [...this.in.filter((one) => typeof one === "function"), ...log.map((one) => ({ ...one, author: null })), ...own];
  }

  /** The second of what is on its way overtakes the first. */
  overtake(): void {
    const [first, second] = this.in;
    if (first !== undefined && second !== undefined) this.in.splice(0, 2, second, first);
  }

  receive(): boolean {
    const next = this.in.shift();
    if (next === undefined) return false;
    if (typeof next === "function") {
      next();
    } else {
      const { version, author, edits, update } = next;
      for (const { item } of this.catchUp.offer(version, version, author === this ? null : update, 0)) {
        if (item === null) continue;
        this.applying = item;
        applyUpdate(this.doc, item, SERVER);
        this.applying = null;
      }
      if (author === this) {
        this.acknowledgedEdits = edits;
        this.steps.stored(edits, version);
      }
    }
    return true;
  }

  send(): boolean {
    const next = this.out.shift();
    next?.();
    return next !== undefined;
  }
}

export class World {
  readonly people: Person[];
  private readonly doc = new Doc();
  readonly versions: string[] = [""];
  readonly log: Delivery[] = [];
  private merging = 0;

  constructor(count: number) {
    this.doc.clientID = 999;
    this.people = Array.from({ length: count }, (_, index) => new Person(this, index + 1));
    this.doc.on("update", (update: Uint8Array, author: Person | null) => {
      this.versions.push(this.text);
      const edits = author === null ? 0 : this.merging;
      this.log.push({ update, version: this.head, author, edits });
      for (const person of this.people) person.in.push({ update, version: this.head, author, edits });
    });
  }

  get text(): string {
    return this.doc.getText("content").toString();
  }

  get head(): number {
    return this.versions.length - 1;
  }

  /** Store an edit, the author's number `edits`; who wrote it is told the version and not the edit. */
  merge(update: Uint8Array, author: Person, edits: number): void {
    this.merging = edits;
    applyUpdate(this.doc, update, author);
  }

  /** An edit of the text, by the server's own client id, that keeps the words both have. */
  restore(version: number): number {
    const [before, after] = [wordsOf(this.text), wordsOf(this.versions[version] ?? "")];
    const text = this.doc.getText("content");
    this.doc.transact(() => {
      let at = 0;
      for (const { word, kind } of difference(before, after)) {
        if (kind === "gone") text.delete(at, word.length);
        else if (kind === "come") text.insert(at, word);
        if (kind !== "gone") at += word.length;
      }
    });
    return this.head;
  }

  settle(): void {
    let busy = true;
    while (busy) busy = this.people.some((person) => person.send() || person.receive());
  }

  same(): boolean {
    return this.people.every(({ text }) => text === this.text);
  }

  get state(): Uint8Array {
    return encodeStateAsUpdate(this.doc);
  }
}

interface Difference {
  readonly word: string;
  readonly kind: "kept" | "gone" | "come";
}

/** By the longest common subsequence. */
function difference(before: readonly string[], after: readonly string[]): Difference[] {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const length = (row: number, column: number): number => table[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const best =
        before[row] === after[column]
          ? length(row + 1, column + 1) + 1
          : Math.max(length(row + 1, column), length(row, column + 1));
      (table[row] as number[])[column] = best;
    }
  }
  const found: Difference[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, next] = [before[row], after[column]];
    if (old !== undefined && old === next) {
      found.push({ word: old, kind: "kept" });
      row++;
      column++;
    } else if (next === undefined || (old !== undefined && length(row + 1, column) >= length(row, column + 1))) {
      found.push({ word: old as string, kind: "gone" });
      row++;
    } else {
      found.push({ word: next, kind: "come" });
      column++;
    }
  }
  return found;
}
