/** The history drawer: sittings by day and author; choosing one shows the text as it was then. */

import { getHistory } from "../api/documents";
import { ApiError } from "../api/request";
import { clockTime, element } from "../dom";
import { dayOf, groupEvents, mergeEvents, type HistoryEvent, type Sitting } from "./group";

export interface DrawerListener {
  chosen(version: number): void;
}

export class HistoryDrawer {
  /** What is in the panel, below its heading. */
  readonly dom: HTMLElement;

  private openNow = false;
  private readonly list = element("div", { class: "history-list" });
  private readonly more = element("button", { type: "button", class: "button" }, "Earlier");
  private readonly note = element("p", { class: "hint", role: "status" });
  private events: readonly HistoryEvent[] = [];
  private selected: number | null = null;

  constructor(
    private readonly document: string,
    private readonly listener: DrawerListener,
  ) {
    this.more.addEventListener("click", () => void this.load("earlier"));
    this.dom = element("div", { class: "history" }, this.list, this.note, this.more);
    this.more.hidden = true;
  }

  get isOpen(): boolean {
    return this.openNow;
  }

  open(): void {
    this.openNow = true;
    void this.load("newest");
  }

  close(): void {
    this.openNow = false;
    this.select(null);
  }

  /** Fetch what has come since, if the drawer is open. */
  refresh(): void {
    if (this.isOpen) void this.load("newest");
  }

  /** Mark the sitting that `version` belongs to. */
  select(version: number | null): void {
    this.selected = version;
    this.render();
  }

  private async load(part: "newest" | "earlier"): Promise<void> {
    const oldest = this.events[this.events.length - 1]?.version ?? null;
    try {
      const page = await getHistory(this.document, part === "earlier" ? oldest : null);
      const lowest = page.events[page.events.length - 1]?.version ?? 0;
      const newest = this.events[0]?.version ?? 0;
      // A page that does not reach what is here would leave a hole in the list.
      const joins = part === "earlier" || lowest <= newest + 1;
      this.events = joins ? mergeEvents(this.events, page.events) : page.events;
      this.more.hidden = (this.events[this.events.length - 1]?.version ?? 1) <= 1;
      this.note.textContent = this.events.length === 0 ? "Nothing has been written yet." : "";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.note.textContent = error.message;
    }
    this.render();
  }

  private render(): void {
    if (!this.isOpen) return;
    const focused = document.activeElement;
    const focusedVersion =
      focused instanceof HTMLElement && this.list.contains(focused)
        ? focused.dataset["version"]
        : undefined;
    const offset = new Date().getTimezoneOffset();
    const parts: HTMLElement[] = [];
    let day: number | null = null;
    for (const sitting of groupEvents(this.events)) {
      const sittingDay = dayOf(sitting.to, offset);
      if (sittingDay !== day) parts.push(element("h3", {}, dayLabel(sitting.to, sittingDay, offset)));
      day = sittingDay;
      parts.push(this.entry(sitting));
    }
    this.list.replaceChildren(...parts);
    if (focusedVersion !== undefined) {
      this.list.querySelector<HTMLElement>(`[data-version="${focusedVersion}"]`)?.focus();
    }
  }

  private entry(sitting: Sitting): HTMLElement {
    const current =
      this.selected !== null && this.selected >= sitting.first && this.selected <= sitting.last;
    const times =
      clockTime(sitting.from) === clockTime(sitting.to)
        ? clockTime(sitting.to)
        : `${clockTime(sitting.from)} – ${clockTime(sitting.to)}`;
    const versions =
      sitting.first === sitting.last
        ? `version ${sitting.last}`
        : `versions ${sitting.first}–${sitting.last}`;
    return element(
      "button",
      {
        type: "button",
        class: "sitting",
        "data-version": String(sitting.last),
        ...(current ? { "aria-current": "true" } : {}),
        onclick: () => this.listener.chosen(sitting.last),
      },
      element("span", { class: "sitting-time" }, times),
      element("span", { class: "sitting-author" }, sitting.actor.name),
      element("span", { class: "sitting-versions" }, versions),
    );
  }
}

function dayLabel(at: number, day: number, offset: number): string {
  const today = dayOf(Date.now(), offset);
  if (day === today) return "Today";
  if (day === today - 1) return "Yesterday";
  return new Date(at).toLocaleDateString(undefined, { dateStyle: "full" });
}
