/** What the server's processes do, as the page shows it. Pure: no answer throws, whatever is in it. */

import { field, isTrue, list, number, text } from "../api/read";

export interface ProcessOverview {
  readonly name: string;
  readonly connections: number;
  readonly documents: number;
  readonly memoryBytes: number;
  /** Null: it has no Redis. */
  readonly redis: boolean | null;
}

export interface Connection {
  readonly id: string;
  readonly dialect: string;
  readonly user: string;
  readonly documents: readonly string[];
  readonly waitingBytes: number;
  readonly lagging: boolean;
}

export interface OpenDocument {
  readonly name: string;
  readonly version: number;
  readonly members: number;
  readonly chars: number;
  /** An operator lets nobody change it. */
  readonly readOnly: boolean;
}

export interface Overview {
  readonly processes: readonly ProcessOverview[];
  readonly dialects: ReadonlyMap<string, number>;
  readonly slowest: readonly Connection[];
  readonly largest: readonly OpenDocument[];
  readonly busiest: readonly OpenDocument[];
  /** Names of documents that nobody may change, open or not. */
  readonly readOnly: readonly string[];
  /** By error code, the most frequent first. */
  readonly refusals: readonly (readonly [string, number])[];
  readonly connections: number;
  readonly documents: number;
  readonly events: number;
  readonly deliveries: number;
  readonly waitingBytes: number;
  readonly lagging: number;
  readonly cut: number;
}

const sum = (values: readonly unknown[], name: string): number =>
  values.reduce<number>((total, each) => total + number(each, name), 0);

export function readOverview(value: unknown): Overview {
  const processes = list(value, "processes");
  const dialects = new Map<string, number>();
  for (const process of processes) {
    for (const [dialect, count] of counts(field(process, "connections"))) {
      dialects.set(dialect, (dialects.get(dialect) ?? 0) + count);
    }
  }
  return {
    processes: processes.map(readProcess),
    dialects,
    slowest: list(value, "slowest").map(readConnection),
    largest: list(value, "largest").map(readDocument),
    busiest: list(value, "busiest").map(readDocument),
    readOnly: list(value, "read_only").filter((name) => typeof name === "string"),
    refusals: counts(field(value, "refusals"))
      .filter(([, count]) => count > 0)
      .sort(([, one], [, other]) => other - one),
    connections: [...dialects.values()].reduce((total, count) => total + count, 0),
    documents: sum(processes, "documents"),
    events: sum(processes, "events"),
    deliveries: sum(processes, "deliveries"),
    waitingBytes: sum(processes, "waiting_bytes"),
    lagging: sum(processes, "lagging"),
    cut: sum(processes, "cut"),
  };
}

function counts(value: unknown): [string, number][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, count]) => (typeof count === "number" ? [[name, count] as [string, number]] : []));
}

function readProcess(value: unknown): ProcessOverview {
  const redis = field(value, "redis");
  return {
    name: text(value, "name"),
    connections: counts(field(value, "connections")).reduce((total, [, count]) => total + count, 0),
    documents: number(value, "documents"),
    memoryBytes: number(value, "memory_bytes"),
    redis: typeof redis === "boolean" ? redis : null,
  };
}

function readConnection(value: unknown): Connection {
  return {
    id: text(value, "id"),
    dialect: text(value, "dialect"),
    user: text(value, "user"),
    documents: list(value, "documents").filter((name) => typeof name === "string"),
    waitingBytes: number(value, "waiting_bytes"),
    lagging: isTrue(value, "is_lagging"),
  };
}

function readDocument(value: unknown): OpenDocument {
  return {
    name: text(value, "name"),
    version: number(value, "version"),
    members: number(value, "members"),
    chars: number(value, "chars"),
    readOnly: isTrue(value, "is_read_only"),
  };
}

/** An overview and when it came, in milliseconds. */
export interface Seen {
  readonly overview: Overview;
  readonly atMs: number;
}

/** Edits and messages in a second between two overviews; null without an earlier one, or after a restart. */
export function ratesBetween(
  before: Seen | null,
  now: Seen,
): { readonly edits: number; readonly messages: number } | null {
  if (before === null || now.atMs <= before.atMs) return null;
  const seconds = (now.atMs - before.atMs) / 1000;
  const edits = (now.overview.events - before.overview.events) / seconds;
  const messages = (now.overview.deliveries - before.overview.deliveries) / seconds;
  return edits < 0 || messages < 0 ? null : { edits, messages };
}
