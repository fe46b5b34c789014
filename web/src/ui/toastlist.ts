/** Short messages that go by themselves: which are shown, and until when. Pure. */

import { signal, type ReadonlySignal } from "../vendor/preact";

export interface Toast {
  readonly id: number;
  readonly words: string;
  /** What one can do about it, if anything: undo. */
  readonly action: { readonly label: string; readonly run: () => void } | null;
  /** Milliseconds; on the clock of whoever asks. */
  readonly until: number;
}

const SHOWN_MS = 4_000;
/** There must be time to read what one can do, and to get there. */
const SHOWN_WITH_ACTION_MS = 10_000;
const MAX_SHOWN = 3;

export class ToastList {
  private readonly list = signal<readonly Toast[]>([]);
  private lastId = 0;

  get shown(): ReadonlySignal<readonly Toast[]> {
    return this.list;
  }

  /** Say `words` from `nowMs` on. The same words twice are one message that stays longer. */
  say(words: string, nowMs: number, action: Toast["action"] = null): void {
    const until = nowMs + (action === null ? SHOWN_MS : SHOWN_WITH_ACTION_MS);
    const others = this.list.value.filter((toast) => toast.words !== words);
    this.list.value = [...others, { id: ++this.lastId, words, action, until }].slice(-MAX_SHOWN);
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((toast) => toast.id !== id);
  }

  /** Take away what is over; returns when the next one will be, or null. */
  expire(nowMs: number): number | null {
    const left = this.list.value.filter(({ until }) => until > nowMs);
    if (left.length < this.list.value.length) this.list.value = left;
    return left.length === 0 ? null : Math.min(...left.map(({ until }) => until));
  }
}
