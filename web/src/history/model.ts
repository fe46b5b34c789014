/** What the history panel shows, as signals, and when it is read. No element or timer is in here. */

import type { Kept } from "./keptnote";
import { signal, type ReadonlySignal } from "../vendor/preact";
import {
  mergeEvents,
  refreshFrom,
  withEarlier,
  withNewest,
  type HistoryEvent,
  type Sitting,
  type SittingPage,
} from "./sitting";

/** The questions that the history asks the server; each may reject with what `failed` takes. */
export interface HistorySource {
  sittings(bounds: { readonly after?: number; readonly before?: number }): Promise<SittingPage>;
  events(bounds: { readonly after: number; readonly before: number }): Promise<HistoryEvent[]>;
  /** How much of the history is kept. */
  kept(): Promise<Kept>;
}

/** The single versions of an opened sitting, as far as they are there; newest first. */
export interface OpenedSitting {
  readonly events: readonly HistoryEvent[];
  readonly hasEarlier: boolean;
}

export const HISTORY_TABS = ["all", "named", "people"] as const;
export type HistoryTab = (typeof HISTORY_TABS)[number];

export class HistoryModel {
  readonly tab = signal<HistoryTab>("all");
  /** How much is kept; null until it is known. */
  readonly kept = signal<Kept | null>(null);
  /** Null until there has been an answer. */
  readonly page = signal<SittingPage | null>(null);
  /** By the first version of the sitting. */
  readonly opened = signal<ReadonlyMap<number, OpenedSitting>>(new Map());
  /** The version that is shown in place of the live text, or null. */
  readonly shown = signal<number | null>(null);
  /** Why the last question was not answered, or empty. */
  readonly trouble: ReadonlySignal<string>;

  /** The versions that were chosen to be compared, at most two; null while nothing is compared. */
  readonly picked = signal<readonly number[] | null>(null);

  private readonly why = signal("");
  private isOpen = false;
  /** Questions are asked one after the other: each begins from what the one before has found. */
  private last: Promise<void> = Promise.resolve();

  /**
   * @param failed turns what a question rejected with into words, or throws it again
   */
  constructor(
    private readonly source: HistorySource,
    private readonly failed: (error: unknown) => string,
  ) {
    this.trouble = this.why;
  }

  get sittings(): readonly Sitting[] {
    return this.page.value?.sittings ?? [];
  }

  /** Begin to choose versions for a comparison, or no longer. */
  compare(isOn: boolean): void {
    this.picked.value = isOn ? [] : null;
  }

  /** Choose a version, or no longer; the older choice makes room. Returns the two, older first, if there are two. */
  pick(version: number): readonly [older: number, newer: number] | null {
    const before = this.picked.value ?? [];
    const now = before.includes(version) ? before.filter((each) => each !== version) : [...before, version].slice(-2);
    this.picked.value = now;
    const [one, other] = now;
    return one === undefined || other === undefined ? null : [Math.min(one, other), Math.max(one, other)];
  }

  open(): Promise<void> {
    this.isOpen = true;
    void this.readKept();
    return this.refresh();
  }

  private async readKept(): Promise<void> {
    try {
      this.kept.value = await this.source.kept();
    } catch (error) {
      // The list, which is asked for at the same time, says why.
      this.failed(error);
    }
  }

  close(): void {
    this.isOpen = false;
  }

  /** Read what has come since, if the panel is open. */
  refresh(): Promise<void> {
    return this.ask(async () => {
      if (!this.isOpen) return;
      const known = this.page.value;
      const from = refreshFrom(known?.sittings ?? []);
      const fresh = await this.source.sittings(known === null ? {} : { after: from });
      this.page.value = known === null ? fresh : withNewest(known, fresh, from);
      await this.refreshOpened();
    });
  }

  earlier(): Promise<void> {
    return this.ask(async () => {
      const known = this.page.value;
      if (known === null || known.next === null) return;
      this.page.value = withEarlier(known, await this.source.sittings({ before: known.next }));
    });
  }

  /** Show or hide the single versions of `sitting`. */
  toggle(sitting: Sitting): Promise<void> {
    if (this.opened.value.has(sitting.first)) {
      this.setOpened(sitting, null);
      return Promise.resolve();
    }
    this.setOpened(sitting, { events: [], hasEarlier: true });
    return this.more(sitting);
  }

  /** Read more of the single versions of an opened sitting. */
  more(sitting: Sitting): Promise<void> {
    return this.ask(async () => {
      const known = this.opened.value.get(sitting.first);
      if (known === undefined) return;
      const lowest = known.events[known.events.length - 1]?.version ?? sitting.last + 1;
      await this.read(sitting, known.events, lowest);
    });
  }

  private async read(sitting: Sitting, known: readonly HistoryEvent[], before: number): Promise<void> {
    const found = await this.source.events({ after: sitting.first - 1, before });
    const events = mergeEvents(known, found);
    if (!this.opened.value.has(sitting.first)) return;
    const lowest = events[events.length - 1]?.first ?? sitting.first;
    this.setOpened(sitting, { events, hasEarlier: lowest > sitting.first });
  }

  /** A sitting that goes on while it is open shows its new versions. */
  private async refreshOpened(): Promise<void> {
    const newest = this.sittings[0];
    const known = newest === undefined ? undefined : this.opened.value.get(newest.first);
    if (newest === undefined || known === undefined) return;
    if ((known.events[0]?.version ?? 0) === newest.last) return;
    const found = await this.source.events({ after: newest.first - 1, before: newest.last + 1 });
    const lowest = found[found.length - 1]?.first ?? newest.last;
    // What is here and what came may have a hole between them; then what came is all.
    const joins = lowest <= (known.events[0]?.version ?? 0) + 1;
    const events = joins ? mergeEvents(known.events, found) : found;
    const end = events[events.length - 1]?.first ?? newest.first;
    this.setOpened(newest, { events, hasEarlier: end > newest.first });
  }

  private setOpened(sitting: Sitting, what: OpenedSitting | null): void {
    const next = new Map(this.opened.value);
    if (what === null) next.delete(sitting.first);
    else next.set(sitting.first, what);
    this.opened.value = next;
  }

  private ask(question: () => Promise<void>): Promise<void> {
    this.last = this.last.then(async () => {
      try {
        await question();
        this.why.value = "";
      } catch (error) {
        this.why.value = this.failed(error);
      }
    });
    return this.last;
  }
}
