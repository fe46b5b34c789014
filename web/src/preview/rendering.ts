/** Makes blocks of a text: small ones at once, large ones in a worker, which is ended if it takes too long. */

import { MAX_EMOJI_CHARS, mayHoldEmoji, type EmojiTable } from "../markup/emoji";
import { Markup, type Update } from "../markup/markup";
import { fileAddress } from "../files";
import { deltaBetween, type TextDelta } from "./textdelta";

/** A new worker holds the empty text. */
export type ToWorker = { readonly delta: TextDelta } | { readonly emoji: EmojiTable };
export interface FromWorker {
  readonly update: Update;
  /** It answers a text, not names of emoji. */
  readonly ofText: boolean;
}

/** Beyond this a text is rendered in a worker. */
const MAX_CHARS_HERE = 20_000;
/** So much of a large text is shown at once, while the worker reads all of it. */
const HEAD_CHARS = 6_000;
const PATIENCE_MS = 15_000;

export interface RenderingListener {
  /** `whole`: the patches are for an empty page, in place of what was shown until now. */
  rendered(update: Update, whole: boolean): void;
  /** The text is too much for the worker; what is shown stays as it is. */
  gaveUp(): void;
}

export class Rendering {
  private here: Markup | null = null;
  private worker: Worker | null = null;
  private emoji: EmojiTable | null = null;
  private emojiAsked = false;
  /** The worker has a text that it has not answered. */
  isBusy = false;
  private waiting: string | null = null;
  /** What the worker holds. */
  private sent = "";
  private patience: number | undefined;
  private fresh = true;

  constructor(private readonly listener: RenderingListener) {}

  render(text: string): void {
    if (text.length <= MAX_CHARS_HERE && this.worker === null) this.renderHere(text);
    else this.send(text);
  }

  dispose(): void {
    this.stop();
    this.here = null;
  }

  private renderHere(text: string): void {
    if (mayHoldEmoji(text)) void this.loadEmoji();
    const whole = this.here === null;
    this.here ??= this.newMarkup();
    this.listener.rendered(this.here.update(text), whole);
  }

  private newMarkup(): Markup {
    const markup = new Markup();
    if (this.emoji !== null) markup.learn(this.emoji);
    return markup;
  }

  private send(text: string): void {
    if (this.isBusy) {
      this.waiting = text;
      return;
    }
    if (this.worker === null) this.start(text);
    this.isBusy = true;
    this.patience = window.setTimeout(() => this.giveUp(), PATIENCE_MS);
    const delta = deltaBetween(this.sent, text);
    this.sent = text;
    this.post({ delta });
    const { from, insert } = delta;
    const around = text.slice(Math.max(0, from - MAX_EMOJI_CHARS), from + insert.length + MAX_EMOJI_CHARS);
    if (!this.emojiAsked && mayHoldEmoji(around)) void this.loadEmoji();
  }

  private start(text: string): void {
    if (this.here === null) this.listener.rendered(this.newMarkup().update(headOf(text)), true);
    this.here = null;
    this.fresh = true;
    this.sent = "";
    this.worker = new Worker(fileAddress("worker"), { type: "module" });
    if (this.emoji !== null) this.post({ emoji: this.emoji });
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.received(data));
    this.worker.addEventListener("error", () => this.giveUp());
  }

  private post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  private received({ update, ofText }: FromWorker): void {
    if (ofText) {
      this.isBusy = false;
      window.clearTimeout(this.patience);
    }
    const whole = this.fresh && update.patches.length > 0;
    if (whole) this.fresh = false;
    this.listener.rendered(update, whole);
    if (!ofText) return;
    const text = this.waiting;
    this.waiting = null;
    if (text !== null) this.send(text);
  }

  private giveUp(): void {
    this.stop();
    this.listener.gaveUp();
  }

  private stop(): void {
    this.worker?.terminate();
    this.worker = null;
    window.clearTimeout(this.patience);
    this.isBusy = false;
    this.waiting = null;
  }

  private async loadEmoji(): Promise<void> {
    if (this.emojiAsked) return;
    this.emojiAsked = true;
    try {
      this.emoji = (await import("../vendor/emoji")).emojiTable;
    } catch {
      this.emojiAsked = false;
      return;
    }
    if (this.worker !== null) this.post({ emoji: this.emoji });
    else if (this.here !== null) this.listener.rendered(this.here.learn(this.emoji), false);
  }
}

/** Whole lines from the start. */
const headOf = (text: string): string => text.slice(0, text.lastIndexOf("\n", HEAD_CHARS) + 1) || text.slice(0, HEAD_CHARS);
