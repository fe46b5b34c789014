/** The history as people read it: by day, by author, by sitting. Pure. */

export interface Actor {
  readonly id: string;
  readonly name: string;
}

export interface HistoryEvent {
  readonly version: number;
  readonly actor: Actor;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: string;
}

/** Consecutive events of one author without a long pause. */
export interface Sitting {
  readonly actor: Actor;
  /** First and last version, and when they were made. */
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
  readonly events: number;
}

export const PAUSE_MS = 5 * 60_000;
/** Longer sittings are cut, so that one can look at a version in between. */
export const MAX_SITTING_MS = 15 * 60_000;

/** Group `events`, newest first, into sittings, newest first. */
export function groupEvents(events: readonly HistoryEvent[]): Sitting[] {
  const sittings: Sitting[] = [];
  for (const event of events) {
    const current = sittings[sittings.length - 1];
    if (current !== undefined && continues(current, event)) {
      sittings[sittings.length - 1] = {
        ...current,
        first: event.version,
        from: event.at,
        events: current.events + 1,
      };
    } else {
      sittings.push({
        actor: event.actor,
        first: event.version,
        last: event.version,
        from: event.at,
        to: event.at,
        events: 1,
      });
    }
  }
  return sittings;
}

const continues = (sitting: Sitting, earlier: HistoryEvent): boolean =>
  sitting.actor.id === earlier.actor.id &&
  sitting.from - earlier.at <= PAUSE_MS &&
  sitting.to - earlier.at <= MAX_SITTING_MS;

/** Days since 1970 in the local time zone of `offsetMinutes` (as `Date.getTimezoneOffset` says). */
export function dayOf(at: number, offsetMinutes: number): number {
  return Math.floor((at - offsetMinutes * 60_000) / 86_400_000);
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
