/**
 * Which of the documents with unsent edits is sent next, and when. Pure.
 *
 *   left ──next──► on its way ──sent──► gone
 *    ▲                 │
 *    ├──────later──────┤      not before a pause, which doubles
 *    └──────stuck──────┘      not again, unless more is left than before
 */

import type { Phase, Stopped } from "../provider/sessionevent";
import type { Leftover } from "./leftover";

export interface ShownLeftover extends Leftover {
  /** Only the user can have it saved. */
  readonly isStuck: boolean;
}

export type Outcome =
  /** The server has everything, or what it refused is a text that is kept. */
  | "sent"
  /** Not now: no connection, or a store that cannot write. */
  | "later"
  /** Not without the user: there is no such document any more, or it may only be read. */
  | "stuck";

export const FIRST_PAUSE_MS = 15_000;
export const LONGEST_PAUSE_MS = 5 * 60_000;
/** A connection that is not live by then is given up for now. */
export const LIVE_WITHIN_MS = 20_000;
/** Edits are given up for now when none was acknowledged for so long. */
export const PROGRESS_WITHIN_MS = 30_000;

interface Attempt {
  readonly outcome: "later" | "stuck";
  readonly edits: number;
  readonly pauseMs: number;
  readonly notBefore: number;
}

export class SendingPlan {
  private current: Leftover | null = null;
  private readonly attempts = new Map<string, Attempt>();

  /** The document to send now, or null; one at a time. */
  next(left: readonly Leftover[], nowMs: number): Leftover | null {
    if (this.current !== null) return null;
    this.current = left.find((one) => one.edits > 0 && this.mayGo(one, nowMs)) ?? null;
    return this.current;
  }

  /** The document on its way has come to an end. */
  ended(outcome: Outcome, nowMs: number): void {
    const { current } = this;
    this.current = null;
    if (current === null) return;
    const { document, edits } = current;
    if (outcome === "sent") {
      this.attempts.delete(document);
      return;
    }
    const before = this.attempts.get(document)?.pauseMs ?? FIRST_PAUSE_MS / 2;
    const pauseMs = Math.min(before * 2, LONGEST_PAUSE_MS);
    this.attempts.set(document, { outcome, edits, pauseMs, notBefore: nowMs + pauseMs });
  }

  /** There is a network again: nothing waits for a pause. */
  hurry(): void {
    for (const [document, { outcome }] of this.attempts) {
      if (outcome === "later") this.attempts.delete(document);
    }
  }

  /** What is on its way, and counts as left until it has come to an end. */
  get onItsWay(): Leftover | null {
    return this.current;
  }

  /** Whether only the user can have the edits saved. */
  isStuck({ document, edits, texts }: Leftover): boolean {
    return edits === 0 ? texts > 0 : this.attempts.get(document)?.outcome === "stuck";
  }

  private mayGo({ document, edits }: Leftover, nowMs: number): boolean {
    const attempt = this.attempts.get(document);
    if (attempt === undefined) return true;
    return attempt.outcome === "stuck" ? edits > attempt.edits : nowMs >= attempt.notBefore;
  }
}

/** What is known of a document on its way. */
export interface DeliveryFacts {
  readonly phase: Phase;
  readonly pending: number;
  readonly isWritable: boolean;
  readonly stopped: Stopped | null;
  /** Milliseconds since it began, and since the number of pending edits was last another one. */
  readonly tookMs: number;
  readonly stillMs: number;
}

/** What came of it, or null while that is open. */
export function outcomeOf({ phase, pending, isWritable, stopped, tookMs, stillMs }: DeliveryFacts): Outcome | null {
  if (stopped !== null) return stopped.cause === "signed-out" ? "later" : "stuck";
  const isThere = phase === "live" || phase === "absent";
  if (isThere && pending === 0) return "sent";
  if (phase === "live" && !isWritable) return "stuck";
  if (!isThere && tookMs >= LIVE_WITHIN_MS) return "later";
  return stillMs >= PROGRESS_WITHIN_MS ? "later" : null;
}
