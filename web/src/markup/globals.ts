/** Definitions that hold for the whole document: link references, footnotes, abbreviations. Pure. */

import type { Env } from "../vendor/markdown";
import type { Segment } from "./segment";

export class Globals {
  private references: Record<string, { href: string; title: string }> = {};
  private notes: Record<string, number> = {};
  private abbreviations: Record<string, string> = {};

  /** Gather them anew; the first of a name counts. Returns whether a segment may look different now. */
  gather(segments: readonly Segment[]): (segment: Segment) => boolean {
    const { references, notes, abbreviations } = this;
    this.references = Object.create(null) as typeof references;
    this.notes = Object.create(null) as typeof notes;
    this.abbreviations = Object.create(null) as typeof abbreviations;
    for (const { definitions } of segments) {
      if (definitions === null) continue;
      for (const [label, target] of Object.entries(definitions.references)) this.references[label] ??= target;
      for (const [label, words] of Object.entries(definitions.abbreviations)) this.abbreviations[label] ??= words;
      for (const label of definitions.notes) this.notes[`:${label}`] = -1;
    }
    const linksDiffer = differing(references, this.references, (one, other) => one.href === other.href && one.title === other.title).length > 0;
    const labels = [
      ...differing(notes, this.notes, () => true).map((key) => `[^${key.slice(1)}]`),
      ...differing(abbreviations, this.abbreviations, (one, other) => one === other).map((key) => key.slice(1)),
    ];
    return ({ source }) => (linksDiffer && source.includes("[")) || labels.some((label) => source.includes(label));
  }

  /** What the inline rules are to know when they read `source`. */
  envFor(source: string): Env {
    const env: Env = { references: this.references };
    const used = Object.entries(this.abbreviations).filter(([key]) => source.includes(key.slice(1)));
    if (used.length > 0) env["abbreviations"] = Object.fromEntries(used);
    // The rules write numbers of their own into what they are given.
    env["footnotes"] = { refs: Object.create(this.notes) as object };
    return env;
  }
}

/** The keys under which two records differ. */
function differing<T>(one: Readonly<Record<string, T>>, other: Readonly<Record<string, T>>, same: (one: T, other: T) => boolean): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => {
    const [left, right] = [one[key], other[key]];
    return left === undefined || right === undefined ? left !== right : !same(left, right);
  });
}
