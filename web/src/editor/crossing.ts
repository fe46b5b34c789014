/**
 * Undo and redo that crossed on the wire what somebody did elsewhere to the same effect.
 *
 * A step revives text at once. The server may have stored a restore, or a step of another person, just before it, which
 * was not known here: then the text is there twice. The versions tell which of the two came first, and exactly the one
 * that was stored later gives way: all that the step did is taken back, as if it had not been taken.
 *
 *     taken ──stored as version v──▶ what came of versions below v is compared ──▶ versions up to v are here: forgotten
 *
 * No DOM, no timer.
 */

import { decodeUpdate, type Item, type StepOfUndo, type Text, type Transaction } from "../vendor/yjs";
import { standsTwice, within, type ItemRanges, type Writer } from "./revival";

interface Taken {
  /** What it inserted and what it deleted. */
  readonly step: StepOfUndo;
  /** The edits of this user up to it, itself included. */
  readonly edits: number;
  storedAs: number | null;
  /** What has come since. */
  readonly arrivals: Arrival[];
}

interface Arrival {
  /** The version that the text was at before. */
  readonly after: number;
  readonly inserted: ItemRanges;
  readonly deleted: ItemRanges;
}

interface CrossingHost {
  writer(client: number, clock: number): Writer;
  /** The step, which would take an undo or redo back, has nothing to take back any more. */
  gaveWay(step: StepOfUndo): void;
}

export class Crossing {
  private open: Taken[] = [];
  private version = 0;

  constructor(
    private readonly text: Text,
    private readonly host: CrossingHost,
  ) {}

  /** An undo or redo did what `step` says; it is edit number `edits` of this user, in a text of `version`. */
  taken(step: StepOfUndo, edits: number, version: number): void {
    this.version = version;
    if (step.insertions.clients.size > 0) this.open.push({ step, edits, storedAs: null, arrivals: [] });
  }

  /** A change from the server has been applied, which is `update`: the text is at `version` now. */
  arrived({ beforeState, afterState }: Transaction, update: Uint8Array | null, version: number): void {
    const after = this.version;
    this.version = version;
    if (this.open.length === 0) return;
    const inserted = new Map<number, { clock: number; len: number }[]>();
    for (const [client, end] of afterState) {
      const clock = beforeState.get(client) ?? 0;
      if (end > clock) inserted.set(client, [{ clock, len: end - clock }]);
    }
    // What is deleted here already is not among what the transaction deleted.
    const deleted = update === null ? new Map() : decodeUpdate(update).ds.clients;
    for (const { arrivals } of this.open) arrivals.push({ after, inserted, deleted });
    this.compare();
  }

  /** The first `edits` edits of this user are stored, the last of them as `storedAs`; the text is at `version`. */
  stored(edits: number, storedAs: number, version: number): void {
    for (const taken of this.open) {
      if (taken.edits <= edits) taken.storedAs ??= storedAs;
    }
    this.compare();
    this.version = version;
    this.open = this.open.filter((taken) => taken.storedAs === null || version < taken.storedAs);
  }

  private compare(): void {
    for (const { step, storedAs, arrivals } of this.open) {
      if (storedAs === null) continue;
      const earlier = arrivals.filter(({ after }) => after < storedAs);
      const come = united(earlier.map(({ inserted }) => inserted));
      if (!standsTwice(this.text, step.insertions.clients, come, this.host.writer)) continue;
      this.takeBack(step, united(earlier.map(({ deleted }) => deleted)));
      this.host.gaveWay(step);
    }
  }

  /** Delete what the step inserted, and bring back what it deleted and nobody else did. */
  private takeBack({ insertions, deletions }: StepOfUndo, deletedByOthers: ItemRanges): void {
    const changes: (() => void)[] = [];
    let at = 0;
    for (let item: Item | null = this.text._start; item !== null; item = item.right) {
      const start = at;
      if (!item.deleted && item.countable) {
        for (const { from, to } of within(item, insertions.clients)) {
          changes.push(() => this.text.delete(start + from, to - from));
        }
        at += item.length;
      } else if (item.deleted) {
        const words = remaining(item, deletions.clients, deletedByOthers);
        if (words !== "") changes.push(() => this.text.insert(start, words));
      }
    }
    this.text.doc?.transact(() => changes.reverse().forEach((change) => change()), this);
  }
}

/** What of a deleted item is in `mine` and not in `others`. */
function remaining(item: Item, mine: ItemRanges, others: ItemRanges): string {
  const gone = within(item, others);
  return within(item, mine)
    .map(({ from, text }) =>
      [...text.split("").keys()]
        .filter((index) => !gone.some((part) => from + index >= part.from && from + index < part.to))
        .map((index) => text[index])
        .join(""),
    )
    .join("");
}

function united(all: readonly ItemRanges[]): ItemRanges {
  const found = new Map<number, { readonly clock: number; readonly len: number }[]>();
  for (const ranges of all) {
    for (const [client, list] of ranges) found.set(client, [...(found.get(client) ?? []), ...list]);
  }
  return found;
}
