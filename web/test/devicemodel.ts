/**
 * The database of a device as a model, and tabs on it that crash at any step. What decides is the
 * real code (core, pending edits, queue, stored); what waits for IndexedDB is a step of the test.
 */

import * as Y from "yjs";
import { DeviceQueue } from "../src/device/queue";
import { insertedText } from "../src/device/salvage";
import {
  isCovered,
  isNewer,
  operationsOf,
  restore,
  sortOut,
  type StoredEdit,
  type StoredRange,
  type StoredReplica,
  type StoreOperation,
} from "../src/device/stored";
import type { FakeServer } from "./fakeserver";
import { Tab } from "./harness";

export class ModelStore {
  replica: StoredReplica | null = null;
  ranges = new Map<string, StoredRange>();
  edits = new Map<string, StoredEdit>();
  kept: string[] = [];

  apply(operations: readonly StoreOperation[]): void {
    for (const operation of operations) this.step(operation);
  }

  owners(): string[] {
    return [...new Set([...this.edits.values()].map(({ owner }) => owner))];
  }

  takeOver(from: string, to: string, firstKey: number): StoredEdit[] {
    const found = [...this.edits.values()].filter(({ owner }) => owner === from);
    found.sort((one, other) => one.key - other.key);
    this.step({ type: "drop-edits", owner: from });
    const taken = found.map((edit, place) => ({ ...edit, owner: to, key: firstKey + place }));
    for (const edit of taken) this.step({ type: "put-edit", edit });
    return taken;
  }

  private step(operation: StoreOperation): void {
    switch (operation.type) {
      case "put-edit":
        this.edits.set(`${operation.edit.owner} ${operation.edit.key}`, operation.edit);
        break;
      case "drop-edit":
        this.edits.delete(`${operation.owner} ${operation.key}`);
        break;
      case "drop-edits":
        for (const [key, { owner }] of this.edits) if (owner === operation.owner) this.edits.delete(key);
        break;
      case "put-range": {
        const { epoch, from, to } = operation.range;
        this.ranges.set(`${epoch} ${from} ${to}`, operation.range);
        break;
      }
      case "put-replica": {
        const { replica } = operation;
        if (!isNewer(replica, this.replica)) break;
        this.replica = replica;
        for (const [key, range] of this.ranges) if (isCovered(range, replica)) this.ranges.delete(key);
        break;
      }
      case "keep":
        this.kept.push(operation.kept.text);
        break;
    }
  }
}

const TRAITS = { root: "content", role: "editor", maxChars: null } as const;

/** A tab with a device. Dropping it is a crash: what its queue holds is lost with it. */
export class DeviceTab {
  readonly tab: Tab;
  readonly queue = new DeviceQueue();
  /** Marks that were typed here. */
  readonly typed: string[] = [];
  private adoptions = 0;

  constructor(
    readonly server: FakeServer,
    readonly store: ModelStore,
    readonly tag: string,
  ) {
    this.tab = new Tab(server, tag, "ana");
    this.tab.recorder = (epoch, record) => this.queue.add(operationsOf(record, epoch, tag, TRAITS));
    this.tab.giveUp = (text) => {
      const keep = text === null ? [] : [{ type: "keep" as const, kept: { at: 0, text } }];
      this.queue.add([...keep, { type: "drop-edits", owner: tag }]);
    };
    const { replica, ranges } = store;
    const restored = restore({ replica, ranges: [...ranges.values()] });
    if (restored !== null) this.tab.restore(restored.replica.epoch, restored.version, restored.updates);
  }

  type(at: number, mark: string): void {
    // Nobody types where nothing is shown yet.
    if (!this.tab.view.loaded) return;
    this.typed.push(mark);
    this.tab.type(at, mark);
  }

  /** Take the edits of tabs that are gone over; `crash`: and be gone before anything is made of it. */
  adopt(alive: ReadonlySet<string>, crash = false): void {
    const found: StoredEdit[] = [];
    for (const owner of this.store.owners()) {
      if (alive.has(owner) || owner === this.tag) continue;
      this.adoptions += 1;
      found.push(...this.store.takeOver(owner, this.tag, -1_000_000 + this.adoptions * 1_000));
    }
    if (crash || found.length === 0) return;
    const { epoch, adopted, stranded } = sortOut(found, this.tab.view.epoch);
    if (epoch !== null && adopted.length > 0) this.tab.adopt(epoch, adopted);
    if (stranded.length === 0) return;
    this.queue.add([
      { type: "keep", kept: { at: 0, text: insertedText(stranded.map(({ update }) => update)) } },
      ...stranded.map(({ owner, key }) => ({ type: "drop-edit" as const, owner, key })),
    ]);
  }

  /** One transaction of the database; false if it does not come about. */
  commit(succeeds: boolean): void {
    const batch = this.queue.take();
    if (batch === null) return;
    if (succeeds) {
      this.store.apply(batch);
      this.queue.written();
    } else {
      this.queue.failed();
    }
  }

  condense(): void {
    const { phase, pending, epoch, version } = this.tab.view;
    if (phase !== "live" || pending > 0 || epoch === null) return;
    const replica = { epoch, version, state: this.tab.state, ...TRAITS };
    this.queue.add([{ type: "put-replica", replica }]);
  }
}

export function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText("content").toString();
}
