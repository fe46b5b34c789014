/** Who has not moved for a while, by what is seen of each. Pure. */

export const IDLE_AFTER_MS = 60_000;

export class IdleWatch {
  private readonly seen = new Map<string, { what: string; atMs: number }>();

  /** At `nowMs` this is what is seen of the users: their carets, as text. Those who are not in it are forgotten. */
  note(states: ReadonlyMap<string, string>, nowMs: number): void {
    for (const user of this.seen.keys()) if (!states.has(user)) this.seen.delete(user);
    for (const [user, what] of states) {
      if (this.seen.get(user)?.what !== what) this.seen.set(user, { what, atMs: nowMs });
    }
  }

  /** The users who are idle at `nowMs`. */
  idle(nowMs: number): string[] {
    return [...this.seen].filter(([, { atMs }]) => nowMs - atMs >= IDLE_AFTER_MS).map(([user]) => user);
  }
}
