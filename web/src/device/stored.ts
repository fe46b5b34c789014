/**
 * What a device stores of one document for one user, and the operations that change it. Pure: an
 * operation means the same in IndexedDB (`database.ts`) and in the model that the tests hold it to.
 *
 * The replica and the ranges are a copy of what the server has: losing them costs a download. Edits
 * are the only copy of what they hold, until the server has acknowledged them.
 */

import type { Role } from "../protocol";
import type { PendingEdit } from "../provider/pending";
import { NO_HISTORY, type DeviceRecord } from "./record";

/** The document at a version, without anything that the server does not have. */
export interface StoredReplica {
  readonly epoch: string;
  readonly version: number;
  readonly state: Uint8Array;
  /** The name of the shared type that holds the text. */
  readonly root: string;
  readonly role: Role;
  readonly maxChars: number | null;
}

export interface StoredRange {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly update: Uint8Array;
}

export interface StoredEdit extends PendingEdit {
  /** The tab that is to send it. */
  readonly owner: string;
  readonly epoch: string;
}

/** A text that could not be saved, until the user has dealt with it. */
export interface KeptText {
  /** Milliseconds since 1970; with `document` the key. */
  readonly at: number;
  readonly text: string;
}

/** What of one user, in all documents, no server has. */
export interface StoredUnsent {
  readonly edits: readonly { readonly document: string; readonly edit: Pick<StoredEdit, "owner" | "edits"> }[];
  /** The document of each text that is kept. */
  readonly texts: readonly string[];
}

export type StoreOperation =
  | { readonly type: "put-edit"; readonly edit: StoredEdit }
  | { readonly type: "drop-edit"; readonly owner: string; readonly key: number }
  | { readonly type: "drop-edits"; readonly owner: string }
  | { readonly type: "put-range"; readonly range: StoredRange }
  | { readonly type: "put-replica"; readonly replica: StoredReplica }
  | { readonly type: "keep"; readonly kept: KeptText };

export interface StoredDocument {
  readonly replica: StoredReplica | null;
  readonly ranges: readonly StoredRange[];
}

export interface Restored {
  readonly replica: StoredReplica;
  /** Everything up to it is in `updates`. */
  readonly version: number;
  readonly updates: readonly Uint8Array[];
}

/** What of a replica is not known from a record. */
export type ReplicaTraits = Pick<StoredReplica, "root" | "role" | "maxChars">;

export function operationsOf(
  record: DeviceRecord,
  epoch: string,
  owner: string,
  traits: ReplicaTraits,
): StoreOperation[] {
  const drop = (key: number): StoreOperation => ({ type: "drop-edit", owner, key });
  const put = (edit: PendingEdit): StoreOperation => ({
    type: "put-edit",
    edit: { ...edit, owner, epoch },
  });
  const range = (from: number, to: number, update: Uint8Array): StoreOperation => ({
    type: "put-range",
    range: { epoch, from, to, update },
  });
  switch (record.kind) {
    case "edited":
      return [put(record.edit)];
    case "submitted":
      return [...record.keys.map(drop), ...record.submissions.map(put)];
    case "accepted":
      return [drop(record.key), range(record.version, record.version, record.update)];
    case "settled":
      return [drop(record.key)];
    case "range":
      return [range(record.from, record.to, record.update)];
    case "state":
      return [{ type: "put-replica", replica: { epoch, version: record.version, state: record.state, ...traits } }];
    case "renounced":
      return [{ type: "drop-edits", owner }];
  }
}

/** Whether `incoming` takes the place of the replica that is stored: tabs write without order. */
export const isNewer = (incoming: StoredReplica, stored: StoredReplica | null): boolean =>
  stored === null || stored.epoch !== incoming.epoch || stored.version <= incoming.version;

/** Whether a range adds nothing to the replica. */
export const isCovered = (range: StoredRange, replica: StoredReplica): boolean =>
  range.epoch !== replica.epoch || range.to <= replica.version;

/** What a tab begins with, or null if there is nothing to begin with. */
export function restore({ replica, ranges }: StoredDocument): Restored | null {
  if (replica === null) return null;
  const rest = ranges
    .filter((range) => !isCovered(range, replica))
    .sort((one, other) => one.from - other.from || one.to - other.to);
  let { version } = replica;
  // What stands behind a gap is merged all the same, and comes again with what is missing.
  for (const { from, to } of rest) if (from <= version + 1) version = Math.max(version, to);
  return { replica, version, updates: [replica.state, ...rest.map(({ update }) => update)] };
}

/** Edits of tabs that are gone: those of the history that is open here, and those of another one. */
export interface Sorted {
  readonly epoch: string;
  readonly adopted: readonly StoredEdit[];
  readonly stranded: readonly StoredEdit[];
}

/** @param epoch the history that is open here; null: the one of the newest edits is */
export function sortOut(edits: readonly StoredEdit[], epoch: string | null): Sorted {
  const newest = [...edits].reverse().find((edit) => edit.epoch !== NO_HISTORY)?.epoch;
  const here = epoch ?? newest ?? NO_HISTORY;
  const fitsHere = (edit: StoredEdit): boolean => edit.epoch === here || edit.epoch === NO_HISTORY;
  return {
    epoch: here,
    adopted: edits.filter(fitsHere),
    stranded: edits.filter((edit) => !fitsHere(edit)),
  };
}

/** The same effect with fewer operations. */
export function condense(operations: readonly StoreOperation[]): StoreOperation[] {
  const settled = new Set<string>();
  const dropped = new Set<string>();
  /** The replica that is written next after the operation that is looked at. */
  let replica: StoredReplica | null = null;
  const kept: StoreOperation[] = [];
  for (const operation of [...operations].reverse()) {
    if (operation.type === "put-edit" || operation.type === "drop-edit") {
      const { owner, key } = operation.type === "put-edit" ? operation.edit : operation;
      if (dropped.has(owner) || settled.has(`${key} ${owner}`)) continue;
      settled.add(`${key} ${owner}`);
    } else if (operation.type === "drop-edits") {
      if (dropped.has(operation.owner)) continue;
      dropped.add(operation.owner);
    } else if (operation.type === "put-replica") {
      const earlier = operation.replica;
      if (replica?.epoch === earlier.epoch && isNewer(replica, earlier)) continue;
      replica = earlier;
    } else if (operation.type === "put-range") {
      const { epoch, to } = operation.range;
      if (replica?.epoch === epoch && to <= replica.version) continue;
    }
    kept.push(operation);
  }
  return kept.reverse();
}

/** Without the copy of what the server has: what is written when there is little room. */
export const essential = (operations: readonly StoreOperation[]): StoreOperation[] =>
  operations.filter(({ type }) => type !== "put-range" && type !== "put-replica");
