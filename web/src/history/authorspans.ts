/** Who wrote which part of a text, and how each of them is shown. Pure. */

import type { AuthorLook, AuthorMark } from "./authorcolours";
import { lookOf } from "./authorlook";
import type { Actor } from "./sitting";

/** A part of a text, in UTF-16 units, and who wrote it. */
export interface BlamedSpan {
  readonly units: number;
  readonly version: number;
  readonly actor: Actor;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What one person did; characters are code points. */
export interface Contribution {
  readonly actor: Actor;
  readonly color: string;
  readonly inserted: number;
  readonly deleted: number;
  /** Those of its characters that stand in the text. */
  readonly standing: number;
  readonly events: number;
  readonly first: number;
  readonly last: number;
}

/** Parts of one author that lie beside each other, written in so much time, are one. */
const MERGED_MS = 300_000;

/** How each person is shown, by id: the line below stays the same when others come. */
export function looksOf(contributions: readonly Contribution[]): Map<string, AuthorLook> {
  const inOrder = [...contributions].sort((one, other) => one.first - other.first || (one.actor.id < other.actor.id ? -1 : 1));
  return new Map(inOrder.map(({ actor, color }, index) => [actor.id, lookOf(actor, color, index)]));
}

/** The marks of `spans`; `tipOf` says who wrote one, when, and as which version. */
export function marksOf(
  spans: readonly BlamedSpan[],
  looks: ReadonlyMap<string, AuthorLook>,
  tipOf: (look: AuthorLook, span: BlamedSpan) => string,
): AuthorMark[] {
  const marks: AuthorMark[] = [];
  let at = 0;
  for (const span of mergeSpans(spans)) {
    const look = looks.get(span.actor.id) ?? lookOf(span.actor, "", looks.size);
    marks.push({ from: at, to: at + span.units, look, tip: tipOf(look, span) });
    at += span.units;
  }
  return marks;
}

/** Neighbours of one author and about one time as one, of the newest of their versions. */
export function mergeSpans(spans: readonly BlamedSpan[]): BlamedSpan[] {
  const merged: BlamedSpan[] = [];
  for (const span of spans) {
    const last = merged[merged.length - 1];
    if (last?.actor.id === span.actor.id && Math.abs(last.at - span.at) <= MERGED_MS) {
      const newest = span.version > last.version ? span : last;
      merged[merged.length - 1] = { ...newest, units: last.units + span.units };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/** The length of all of them. */
export const unitsOf = (spans: readonly BlamedSpan[]): number => spans.reduce((sum, { units }) => sum + units, 0);
