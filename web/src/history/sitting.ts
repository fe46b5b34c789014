/** The history as people read it: sittings of writing, by day. Pure. */

export interface Actor {
  readonly id: string;
  readonly name: string;
}

/** One version: who made it, when, and over which session. */
export interface HistoryEvent {
  readonly version: number;
  /** The first of the versions whose changes it stands for: another one where old events were merged. */
  readonly first: number;
  readonly actor: Actor;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: string;
  readonly session: string;
}

/** The door that an event came through; see `sync/event_origin.py`, which names the sessions. */
export type Origin = "live" | "request" | "restore" | "take-back" | "repair";

/** One author's part in a sitting, through one door. */
export interface SittingAuthor extends Actor {
  readonly color: string;
  readonly origin: Origin;
  readonly events: number;
}

/** Consecutive versions, by anybody, without a long pause; a restore is one of its own. */
export interface Sitting {
  readonly first: number;
  readonly last: number;
  /** When the first and the last of them were made. */
  readonly from: number;
  readonly to: number;
  /** The version that it brought back, or null. */
  readonly restored: number | null;
  readonly authors: readonly SittingAuthor[];
}

export interface SittingPage {
  readonly sittings: readonly Sitting[];
  /** The bound of the next page, or null at the end. */
  readonly next: number | null;
}

export interface SittingDay {
  /** Days since 1970, in the user's time zone. */
  readonly day: number;
  /** A time on that day. */
  readonly at: number;
  readonly sittings: readonly Sitting[];
}

const RESTORED = /^restore-(\d{1,16})-/;

export function originOf(session: string): Origin {
  if (session === "repair") return "repair";
  if (session.startsWith("http-")) return "request";
  if (session.startsWith("take-back-")) return "take-back";
  return RESTORED.test(session) ? "restore" : "live";
}

/** The version that an event of `session` brought back, or null. */
export function restoredVersion(session: string): number | null {
  const found = RESTORED.exec(session);
  return found === null ? null : Number(found[1]);
}

/** Days since 1970 in the local time zone of `offsetMinutes` (as `Date.getTimezoneOffset` says). */
export function dayOf(at: number, offsetMinutes: number): number {
  return Math.floor((at - offsetMinutes * 60_000) / 86_400_000);
}

/**
 * `sittings`, newest first, under the days they ended on. Each is judged by its own offset, since the
 * clocks may have changed in between.
 */
export function byDay(
  sittings: readonly Sitting[],
  offsetAt: (at: number) => number,
): SittingDay[] {
  const days: { day: number; at: number; sittings: Sitting[] }[] = [];
  for (const sitting of sittings) {
    const day = dayOf(sitting.to, offsetAt(sitting.to));
    const current = days[days.length - 1];
    if (current?.day === day) current.sittings.push(sitting);
    else days.push({ day, at: sitting.to, sittings: [sitting] });
  }
  return days;
}

/** Whether `version` is one of `sitting`. */
export const includes = (sitting: Sitting, version: number): boolean =>
  version >= sitting.first && version <= sitting.last;

/** The authors without their doors: each once, with all doors; those who wrote most first. */
export function people(
  sitting: Sitting,
): (Omit<SittingAuthor, "origin"> & { readonly origins: readonly Origin[] })[] {
  const found = new Map<string, Omit<SittingAuthor, "origin"> & { origins: Origin[] }>();
  for (const { origin, ...author } of sitting.authors) {
    const before = found.get(author.id);
    // A repair stands for the one whose edit it made possible.
    const origins = [...new Set([...(before?.origins ?? []), origin])];
    const events = (before?.events ?? 0) + author.events;
    found.set(author.id, { ...(before ?? author), events, origins });
  }
  return [...found.values()].sort((one, other) => other.events - one.events);
}

/** What is read again after `known` has become longer: everything after its newest sitting's start. */
export const refreshFrom = (known: readonly Sitting[]): number => (known[0]?.first ?? 1) - 1;

/**
 * `known` with `fresh`, the newest page of the sittings after version `from`, in place of what it had
 * there. Where `fresh` does not reach down to `from`, there would be a hole: then `fresh` is all.
 */
export function withNewest(known: SittingPage, fresh: SittingPage, from: number): SittingPage {
  if (fresh.next !== null) return fresh;
  const kept = known.sittings.filter((sitting) => sitting.last <= from);
  return { sittings: [...fresh.sittings, ...kept], next: kept.length > 0 ? known.next : from > 0 ? from + 1 : null };
}

/** `known` and the page that follows it. */
export function withEarlier(known: SittingPage, earlier: SittingPage): SittingPage {
  const lowest = known.sittings[known.sittings.length - 1]?.first ?? Infinity;
  const added = earlier.sittings.filter((sitting) => sitting.last < lowest);
  return { sittings: [...known.sittings, ...added], next: earlier.next };
}

/** The two lists of one history, newest first, without doubles. */
export function mergeEvents(
  one: readonly HistoryEvent[],
  other: readonly HistoryEvent[],
): HistoryEvent[] {
  const byVersion = new Map<number, HistoryEvent>();
  for (const event of [...one, ...other]) byVersion.set(event.version, event);
  return [...byVersion.values()].sort((a, b) => b.version - a.version);
}
