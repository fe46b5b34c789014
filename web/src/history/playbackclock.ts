/** The time that a life takes when it is played: pauses in which nobody wrote are cut short. Pure. */

import { Column } from "./growing";

export const SPEEDS = [1, 2, 5, 10, 25, 50, 100] as const;
export type Speed = (typeof SPEEDS)[number];

/** Longer pauses are cut to this. */
const MAX_PAUSE_MS = 1_500;
/** Between two sittings it is this much. */
const SITTING_PAUSE_MS = 3_000;

export class PlaybackClock {
  private readonly ends = new Column();
  private before: number | null = null;

  /** @param sittingPauseMs the pause after which a new sitting begins */
  constructor(private readonly sittingPauseMs: number) {}

  /** Take the time of the next event, in milliseconds since 1970. */
  add(at: number): void {
    const pause = this.before === null ? 0 : Math.max(0, at - this.before);
    this.before = at;
    const played = pause > this.sittingPauseMs ? SITTING_PAUSE_MS : Math.min(pause, MAX_PAUSE_MS);
    this.ends.push(this.ends.last + played);
  }

  /** When `version` is played, from the start at speed 1. */
  at(version: number): number {
    return this.ends.at(version - 1);
  }

  /** The newest version that has been played after `ms`. */
  versionAt(ms: number): number {
    return this.ends.above(ms);
  }
}
