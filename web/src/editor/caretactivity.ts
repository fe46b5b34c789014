/**
 * When the name beside a remote caret is shown, and when the caret fades. Pure.
 *
 *     moved after a pause ──▶ named ── 2 s ──▶ plain ── 30 s without a move ──▶ idle
 *
 * Somebody who goes on typing is named once, at the beginning.
 */

const NAMED_MS = 2_000;
const PAUSE_MS = 5_000;
const IDLE_MS = 30_000;

export interface Activity {
  readonly named: boolean;
  readonly idle: boolean;
}

interface Seen {
  /** The place as its owner gave it, so that text which moves it is no move. */
  readonly place: string;
  readonly movedAt: number;
  readonly namedUntil: number;
}

export class CaretActivity {
  private seen = new Map<number, Seen>();

  /** These carets are there now; those that are not are forgotten. */
  note(carets: readonly { readonly client: number; readonly place: string }[], nowMs: number): void {
    const seen = new Map<number, Seen>();
    for (const { client, place } of carets) {
      const before = this.seen.get(client);
      if (before?.place === place) {
        seen.set(client, before);
      } else {
        const isNews = before === undefined || nowMs - before.movedAt >= PAUSE_MS;
        const namedUntil = isNews ? nowMs + NAMED_MS : before.namedUntil;
        seen.set(client, { place, movedAt: nowMs, namedUntil });
      }
    }
    this.seen = seen;
  }

  of(client: number, nowMs: number): Activity {
    const seen = this.seen.get(client);
    if (seen === undefined) return { named: false, idle: false };
    return { named: nowMs < seen.namedUntil, idle: nowMs - seen.movedAt >= IDLE_MS };
  }

  /** When the next caret looks different, if nobody moves; null: never. */
  nextChange(nowMs: number): number | null {
    const times = [...this.seen.values()]
      .flatMap(({ namedUntil, movedAt }) => [namedUntil, movedAt + IDLE_MS])
      .filter((time) => time > nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }
}
