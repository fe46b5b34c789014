/**
 * A WebSocket that comes back, with a ticket for each connection: the shell around `reconnect.ts`.
 * It owns the socket and the timers and decides nothing.
 */

import { NextTask } from "../nexttask";
import { SUBPROTOCOL, decodeMessage, encodeMessage } from "../protocol";
import type { ClientMessage, ServerMessage } from "../protocol";
import {
  SLEEP_GAP_MS,
  Watchdog,
  closeRule,
  delayAfterAdmission,
  delayAfterClose,
  mayNudge,
} from "../reconnect";
import type { Admission, Admit, StopCause, StopReason, Ticket } from "./admission";

const TICK_MS = 1_000;
/** A network that swallows packets would otherwise keep an attempt waiting for minutes. */
const CONNECT_DEADLINE_MS = 10_000;

export interface ConnectionListener {
  /** The socket is open, and `ticket` is what its first message shows. */
  opened(ticket: Ticket): void;
  received(message: ServerMessage): void;
  closed(): void;
  /** It will not be tried again, for this reason. */
  gaveUp(cause: StopCause, reason: StopReason): void;
  /** About once a second while connected. */
  ticked(): void;
  /** The page slept or was out of sight; what looks open may be dead. */
  woke(): void;
}

export class Connection {
  /** Connections that were lost or did not come about since the last `settled()`. */
  failures = 0;

  private socket: WebSocket | null = null;
  private watchdog: Watchdog | null = null;
  private retry: number | undefined;
  private wanted = false;
  private connectingSince = -Infinity;
  /** By the clock of the day, which goes on while a machine sleeps. */
  private tickedAt = Date.now();
  private readonly ticker = window.setInterval(() => this.tick(), TICK_MS);
  /** Messages for the socket that is open, in order; empty without one. */
  private outbox: ClientMessage[] = [];
  private readonly sending = new NextTask(() => this.empty());

  constructor(
    private readonly url: string,
    private readonly admit: Admit,
    private readonly listener: ConnectionListener,
  ) {
    window.addEventListener("online", this.wake);
    window.addEventListener("offline", this.wake);
    window.addEventListener("pageshow", this.wake);
    window.addEventListener("focus", this.focused);
    document.addEventListener("resume", this.doubt);
    document.addEventListener("visibilitychange", this.wake);
  }

  open(): void {
    this.wanted = true;
    this.failures = 0;
    this.connect();
  }

  /** The connection does what it is for: failures so far are forgotten, silence is watched. */
  settled(): void {
    this.failures = 0;
    if (this.socket !== null) this.watchdog ??= new Watchdog(performance.now());
  }

  /** Send it after what is being handled now; there is a socket for it, or it is not sent. */
  send(message: ClientMessage): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.outbox.push(message);
    this.sending.ask();
  }

  /** Do not wait for the next attempt. */
  tryNow(): void {
    if (this.socket === null) this.connect();
  }

  /** Somebody is active: do not wait for long. */
  nudge(): void {
    if (this.socket === null && mayNudge(performance.now(), this.connectingSince)) this.connect();
  }

  /** Close this socket and open another at once. */
  reopen(): void {
    this.drop();
    this.connect();
  }

  /** Close and stay closed until `open()`. */
  close(): void {
    this.wanted = false;
    this.drop();
  }

  /** Close for ever and let go of timers and listeners. */
  dispose(): void {
    this.close();
    this.sending.dispose();
    window.clearInterval(this.ticker);
    window.removeEventListener("online", this.wake);
    window.removeEventListener("offline", this.wake);
    window.removeEventListener("pageshow", this.wake);
    window.removeEventListener("focus", this.focused);
    document.removeEventListener("resume", this.doubt);
    document.removeEventListener("visibilitychange", this.wake);
  }

  private empty(): void {
    const { outbox, socket } = this;
    this.outbox = [];
    if (socket?.readyState !== WebSocket.OPEN) return;
    for (const message of outbox) socket.send(encodeMessage(message));
  }

  private connect(): void {
    window.clearTimeout(this.retry);
    if (!this.wanted || this.socket !== null) return;
    const socket = new WebSocket(this.url, SUBPROTOCOL);
    this.socket = socket;
    this.connectingSince = performance.now();
    // Asked for at the same time, so that it costs no round trip of its own.
    const admission = this.admit();
    void admission.then((found) => {
      if (found.kind !== "ticket" && socket === this.socket) this.turnedAway(found);
    });
    // Events of a socket that was given up must not reach its successor's session.
    socket.onopen = () => {
      void admission.then((found) => {
        if (found.kind === "ticket" && socket === this.socket) this.listener.opened(found);
      });
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket !== this.socket || typeof event.data !== "string") return;
      this.watchdog?.heard();
      const message = decodeMessage(event.data);
      if (message !== null) this.listener.received(message);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code, event.reason);
    };
  }

  private lost(code: number, closeReason: string): void {
    const rule = closeRule(code);
    const delay = delayAfterClose(code, closeReason, this.failures, Math.random(), isVisible());
    if (rule.action === "stop") this.giveUp(rule.reason === "noDocument" ? "refused" : "broken", rule.reason);
    else this.retryIn(delay ?? 0);
  }

  /** No ticket: the socket is of no use. */
  private turnedAway(admission: Exclude<Admission, Ticket>): void {
    const socket = this.socket;
    if (admission.kind === "later") {
      this.retryIn(delayAfterAdmission(admission.afterMs, this.failures, Math.random(), isVisible()));
    } else if (admission.kind === "signed-out") {
      this.giveUp("signed-out", "signedOut");
    } else {
      this.giveUp("refused", "noDocument");
    }
    socket?.close(1000);
  }

  private giveUp(cause: StopCause, reason: StopReason): void {
    this.forgetSocket();
    this.wanted = false;
    this.listener.gaveUp(cause, reason);
  }

  private retryIn(delayMs: number): void {
    this.forgetSocket();
    this.listener.closed();
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.connect(), delayMs);
  }

  private forgetSocket(): void {
    this.socket = null;
    this.outbox = [];
    this.watchdog = null;
    this.failures += 1;
  }

  private drop(): void {
    window.clearTimeout(this.retry);
    this.sending.runNow();
    const socket = this.socket;
    this.socket = null;
    this.watchdog = null;
    if (socket === null) return;
    socket.close(1000);
    this.listener.closed();
  }

  /** Network back, tab visible, machine awake: try at once, and doubt a socket that looks open. */
  private readonly wake = (): void => {
    if (!isVisible()) return;
    if (this.socket === null) this.tryNow();
    else this.doubt();
  };

  private readonly focused = (): void => this.nudge();

  private readonly doubt = (): void => {
    if (this.watchdog?.suspect(performance.now()) !== "ping") return;
    this.send({ type: "ping" });
    this.listener.woke();
  };

  private tick(): void {
    const now = Date.now();
    const slept = now - this.tickedAt > SLEEP_GAP_MS;
    this.tickedAt = now;
    if (this.socket === null) return;
    if (slept) this.doubt();
    if (this.socket.readyState === WebSocket.CONNECTING) {
      if (performance.now() - this.connectingSince >= CONNECT_DEADLINE_MS) this.abandon();
      return;
    }
    const verdict = this.watchdog?.check(performance.now()) ?? null;
    if (verdict === "ping") this.send({ type: "ping" });
    if (verdict === "dead") {
      this.abandon();
      return;
    }
    this.listener.ticked();
  }

  /** A dead socket can take minutes to notice a close, so it is let go instead of waited for. */
  private abandon(): void {
    const socket = this.socket;
    this.lost(1006, "");
    socket?.close();
  }
}

const isVisible = (): boolean => document.visibilityState !== "hidden";
