/** Which states of the playback a screen reader says: not each of many in a second. Pure. */

const MIN_GAP_MS = 1_000;
const MIN_GAP_PLAYING_MS = 6_000;

export class PlaybackSpeech {
  private saidAt = -Infinity;
  private said = "";

  /** What is said of `state` at `now`: itself, or what was said last while that is not long ago. */
  next(state: string, now: number, isPlaying: boolean): string {
    if (now - this.saidAt < this.gap(isPlaying)) return this.said;
    this.saidAt = now;
    this.said = state;
    return state;
  }

  /** How long until something else may be said. */
  waitMs(now: number, isPlaying: boolean): number {
    return Math.max(0, this.saidAt + this.gap(isPlaying) - now);
  }

  private gap(isPlaying: boolean): number {
    return isPlaying ? MIN_GAP_PLAYING_MS : MIN_GAP_MS;
  }
}
