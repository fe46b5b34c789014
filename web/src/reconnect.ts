/**
 * When to connect again, and when a socket that looks open is dead. Pure: time and chance come in
 * as arguments.
 */

import type { StopReason } from "./provider/admission";

export const MIN_DELAY_MS = 500;
export const MAX_DELAY_MS = 30_000;
/** The same for a page in sight of which the server is away: it is live soon after the server is back. */
export const MAX_VISIBLE_DELAY_MS = 2_000;
/** Whoever types or comes back need not wait; but no page tries more often than this. */
export const MIN_NUDGE_MS = 1_000;
/** Timers of a page that is awake come at least this often, unless it is hidden. */
export const SLEEP_GAP_MS = 5_000;
export const PING_INTERVAL_MS = 20_000;
export const PONG_DEADLINE_MS = 10_000;
/** The deadline when there is a reason to doubt the socket. */
export const DOUBT_DEADLINE_MS = 3_000;

/** What a close code asks of the client, as in docs/protocol.md. */
export type CloseAction = "reconnect" | "backoff" | "reauthenticate" | "stop";

type CloseRule =
  | { readonly action: Exclude<CloseAction, "stop"> }
  | { readonly action: "stop"; readonly reason: StopReason };

const CLOSE_RULES: Readonly<Record<number, CloseRule>> = {
  1000: { action: "backoff" },
  1001: { action: "reconnect" },
  1008: { action: "stop", reason: "badMessage" },
  1009: { action: "stop", reason: "tooLarge" },
  1011: { action: "backoff" },
  1012: { action: "reconnect" },
  1013: { action: "backoff" },
  4400: { action: "stop", reason: "badName" },
  4401: { action: "reauthenticate" },
  4403: { action: "stop", reason: "noDocument" },
  4404: { action: "stop", reason: "noDocument" },
  4429: { action: "backoff" },
};

/** The rule for any close code: what is not in the table is a lost connection and is retried. */
export function closeRule(code: number): CloseRule {
  return CLOSE_RULES[code] ?? { action: "backoff" };
}

/** Milliseconds that a 4429 close asks to wait (`retry_after=12` in its reason), or null. */
export function retryAfterMs(closeReason: string): number | null {
  const found = /retry_after(?:_s)?\W{1,3}(\d+(?:\.\d+)?)/.exec(closeReason);
  return found?.[1] === undefined ? null : Number(found[1]) * 1000;
}

/**
 * Milliseconds before the attempt after `failures` failed ones: exponential with full jitter, so
 * that the clients of a restarted server do not all come at once.
 *
 * @param chance uniform in [0, 1)
 */
export function backoffMs(failures: number, chance: number, maxMs = MAX_DELAY_MS): number {
  const ceiling = Math.min(maxMs, MIN_DELAY_MS * 2 ** Math.min(failures, 16));
  return Math.round(chance * ceiling);
}

/** The longest pause while nobody answers. A server that answers "not now" is left alone for longer. */
export const maxDelayMs = (isVisible: boolean): number =>
  isVisible ? MAX_VISIBLE_DELAY_MS : MAX_DELAY_MS;

/** Codes with which a server that is there asks for a pause. */
const BUSY_CODES: readonly number[] = [1011, 1013, 4429];

/** Whether somebody who is active may be connected before the pause is over. */
export const mayNudge = (now: number, triedAt: number): boolean => now - triedAt >= MIN_NUDGE_MS;

/** The delay that a close calls for, or null to stay away. */
export function delayAfterClose(
  code: number,
  closeReason: string,
  failures: number,
  chance: number,
  isVisible: boolean,
): number | null {
  if (closeRule(code).action === "stop") return null;
  const maxMs = BUSY_CODES.includes(code) ? MAX_DELAY_MS : maxDelayMs(isVisible);
  const jittered = backoffMs(failures, chance, maxMs);
  if (code !== 4429) return jittered;
  return (retryAfterMs(closeReason) ?? 5_000) + jittered;
}

/** The delay after an answer that there is no ticket now, and that it takes `afterMs` at least. */
export const delayAfterAdmission = (
  afterMs: number,
  failures: number,
  chance: number,
  isVisible: boolean,
): number =>
  afterMs + backoffMs(failures, chance, afterMs > 0 ? MAX_DELAY_MS : maxDelayMs(isVisible));

/**
 * Finds sockets that are open but silent (a laptop that slept, a NAT that forgot): browsers hide
 * the WebSocket's own pings from scripts, so this asks for protocol-level `ping`s and counts any
 * frame as a sign of life.
 */
export class Watchdog {
  private lastPingAt: number;
  private deadline: number | null = null;

  constructor(now: number) {
    this.lastPingAt = now;
  }

  /** Any frame came. */
  heard(): void {
    this.deadline = null;
  }

  /** What to do now: send a `ping`, give the socket up, or nothing. */
  check(now: number): "ping" | "dead" | null {
    if (this.deadline !== null) return now >= this.deadline ? "dead" : null;
    return now - this.lastPingAt >= PING_INTERVAL_MS ? this.ping(now, PONG_DEADLINE_MS) : null;
  }

  /** Doubt the socket at once, as after a sleep or when the network is said to be gone. */
  suspect(now: number): "ping" {
    return this.ping(now, DOUBT_DEADLINE_MS);
  }

  private ping(now: number, patienceMs: number): "ping" {
    this.lastPingAt = now;
    this.deadline = Math.min(this.deadline ?? Infinity, now + patienceMs);
    return "ping";
  }
}
