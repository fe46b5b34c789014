/**
 * The state of saving as it is shown: `Saved` once everything has been saved for a moment, so that the words do not
 * change twice with each key. Whatever else is shown at once, and `Saved` is never shown before it is true. Pure.
 *
 *     saved ──an edit──▶ saving ──saved for STEADY_MS without another edit──▶ saved
 */

import type { SaveState } from "../savestate";

export const STEADY_MS = 400;

export class SteadySave {
  private shown: SaveState | null = null;
  /** Since when it is saved, while that is not shown. */
  private since: number | null = null;

  /** What to show of `save`, and after how many milliseconds to ask again; null: not before something changes. */
  show(save: SaveState, nowMs: number): { readonly shown: SaveState; readonly againInMs: number | null } {
    const isWaiting = save.kind === "saved" && this.shown?.kind === "saving";
    this.since = isWaiting ? (this.since ?? nowMs) : null;
    const left = this.since === null ? 0 : this.since + STEADY_MS - nowMs;
    if (left > 0 && this.shown !== null) return { shown: this.shown, againInMs: left };
    this.since = null;
    this.shown = save;
    return { shown: save, againInMs: null };
  }
}
