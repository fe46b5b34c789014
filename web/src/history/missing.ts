/** Versions that are no longer kept: those before the last one of a merged event. Pure. */

import { ApiError } from "../api/request";
import { field, number, text } from "../api/read";

/** The first and the last version of a merged event: the last one and the one before the first are kept. */
export type MergedRange = readonly [first: number, last: number];

export class MissingVersions {
  /** In order, without overlaps. */
  private readonly ranges: MergedRange[] = [];

  /** Add ranges that come after those that are here; others are left alone. */
  add(ranges: readonly MergedRange[]): void {
    for (const range of ranges) {
      if (range[0] < range[1] && range[0] > this.end) this.ranges.push(range);
    }
  }

  /** The version that the last range leads to, or 0 without any: all after it are kept. */
  get end(): number {
    return this.ranges[this.ranges.length - 1]?.[1] ?? 0;
  }

  /** `version`, or the nearest one before it that is kept. */
  before(version: number): number {
    const range = this.around(version);
    return range === null || version === range[1] ? version : range[0] - 1;
  }

  /** `version`, or the nearest one after it that is kept. */
  after(version: number): number {
    return this.around(version)?.[1] ?? version;
  }

  nearest(version: number): number {
    const [before, after] = [this.before(version), this.after(version)];
    return version - before < after - version ? before : after;
  }

  /** The first of the versions whose changes the event of `version` stands for. */
  first(version: number): number {
    return this.around(version)?.[0] ?? version;
  }

  /** The range in which `version` is, or null. */
  private around(version: number): MergedRange | null {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle]?.[1] ?? 0) < version) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low];
    return range !== undefined && range[0] <= version ? range : null;
  }
}

/** A version that is gone, and the nearest ones that are kept. */
export interface Gone {
  readonly version: number;
  readonly before: number;
  readonly after: number;
}

/** What an error says of a version that is gone; null: it is another error. */
export function goneIn(error: unknown): Gone | null {
  if (!(error instanceof ApiError) || error.code !== "history_thinned") return null;
  const [version, before, after] = ["version", "kept_before", "kept_after"].map((name) => number(error.answer, name));
  return { version: version ?? 0, before: before ?? 0, after: after ?? 0 };
}

/** How much of a history is kept. */
export interface KeptHistory {
  readonly kind: "keep" | "thin" | "drop";
  /** How old events are before something becomes of them, or null. */
  readonly days: number | null;
  /** Every version after this one is kept. */
  readonly wholeAfter: number;
  /** The number of versions that are gone. */
  readonly gone: number;
}

export function readKept(answer: unknown): KeptHistory {
  const [kind, days] = [text(answer, "kind"), field(answer, "days")];
  return {
    kind: kind === "thin" || kind === "drop" ? kind : "keep",
    days: typeof days === "number" ? days : null,
    wholeAfter: number(answer, "whole_after"),
    gone: number(answer, "gone"),
  };
}
