/** What the start page shows: a list or what was found, page by page, and what became of an action. */

import { renameDocument } from "../api/documents";
import { ApiError, attempt } from "../api/request";
import * as shelf from "../api/shelf";
import type { CountedTag, Excerpt, Hit, ListedDocument, Page } from "../api/shelf";
import { words } from "../language/language";
import { ToastList } from "../ui/toastlist";
import { signal } from "../vendor/preact";
import { askAgainAfterMs } from "./askagain";
import { listQuery, type ListView } from "./listview";

export interface Row {
  readonly document: ListedDocument;
  readonly titleHits: readonly Hit[];
  readonly excerpts: readonly Excerpt[];
}

export class StartModel {
  readonly view = signal<ListView>({ show: "recent", order: "updated", tag: null });
  readonly search = signal("");
  /** Null: nothing has come yet. */
  readonly rows = signal<readonly Row[] | null>(null);
  readonly next = signal<string | null>(null);
  readonly loading = signal(false);
  readonly problem = signal<ApiError | null>(null);
  readonly tags = signal<readonly CountedTag[]>([]);
  readonly toasts = new ToastList();
  private asked = 0;
  private isFirst = true;
  private again: number | undefined;

  /**
   * Show the first page of what the view and the search say. A search that finds nothing is asked again.
   *
   * @param tries how often it has been asked already
   */
  async load(tries = 0): Promise<void> {
    const number = (this.asked += 1);
    window.clearTimeout(this.again);
    this.loading.value = tries === 0;
    const error = await attempt(async () => {
      const page = await this.page(null);
      if (number !== this.asked) return;
      if (this.isFirst && page.entries.length === 0 && this.isRecent()) {
        // Nothing was opened yet: then there is more to see among all.
        this.isFirst = false;
        this.view.value = { ...this.view.value, show: "all" };
        return void (await this.load());
      }
      this.isFirst = false;
      this.rows.value = page.entries;
      this.next.value = page.next;
    });
    if (number !== this.asked) return;
    this.loading.value = false;
    this.problem.value = error;
    const isMissing = this.search.value.trim() !== "" && this.rows.value?.length === 0;
    const delayMs = isMissing ? askAgainAfterMs(tries) : null;
    if (delayMs !== null) this.again = window.setTimeout(() => void this.load(tries + 1), delayMs);
  }

  /** Add the next page. */
  async more(): Promise<void> {
    const from = this.next.value;
    if (from === null || this.loading.value) return;
    const number = (this.asked += 1);
    this.loading.value = true;
    const error = await attempt(async () => {
      const page = await this.page(from);
      if (number !== this.asked) return;
      const shown = this.rows.value ?? [];
      // What has changed meanwhile may come twice.
      const names = new Set(shown.map((row) => row.document.name));
      this.rows.value = [...shown, ...page.entries.filter((row) => !names.has(row.document.name))];
      this.next.value = page.next;
    });
    if (number !== this.asked) return;
    this.loading.value = false;
    this.problem.value = error;
  }

  show(view: ListView): void {
    this.view.value = view;
    this.rows.value = null;
    void this.load();
  }

  searchFor(typed: string): void {
    this.search.value = typed;
    void this.load();
  }

  async loadTags(): Promise<void> {
    await attempt(async () => {
      this.tags.value = await shelf.listTags();
    });
  }

  async pin({ name, pinned }: ListedDocument): Promise<void> {
    await this.act(async () => {
      await shelf.setPinned(name, !pinned);
      this.change(name, { pinned: !pinned });
    });
  }

  async rename({ name }: ListedDocument, title: string): Promise<void> {
    await this.act(async () => {
      const changed = await renameDocument(name, title);
      this.change(name, { title: changed.title, titleDerived: changed.titleDerived });
    });
  }

  async tag({ name }: ListedDocument, tags: readonly string[]): Promise<void> {
    await this.act(async () => {
      this.change(name, { tags: await shelf.setTags(name, tags) });
      await this.loadTags();
    });
  }

  async offer({ name, isTemplate }: ListedDocument): Promise<void> {
    await this.act(async () => {
      await shelf.setTemplate(name, !isTemplate);
      this.change(name, { isTemplate: !isTemplate });
      const said = words().start;
      this.say(isTemplate ? said.noTemplate : said.isTemplate);
    });
  }

  async trash(document: ListedDocument): Promise<void> {
    await this.act(async () => {
      await shelf.trashDocument(document.name);
      this.remove(document.name);
      this.say(words().start.trashed(titleOf(document)), async () => {
        await this.act(() => shelf.recoverDocument(document.name));
        await this.load();
      });
    });
  }

  async recover(document: ListedDocument): Promise<void> {
    await this.act(async () => {
      await shelf.recoverDocument(document.name);
      this.remove(document.name);
      this.say(words().start.recovered(titleOf(document)));
    });
  }

  async purge({ name }: ListedDocument): Promise<void> {
    await this.act(async () => {
      await shelf.purgeDocument(name);
      this.remove(name);
    });
  }

  /** Do something; what went wrong is shown. */
  async act(action: () => Promise<unknown>): Promise<void> {
    this.problem.value = await attempt(action);
  }

  /** @param undo the way back from what has just been done */
  private say(said: string, undo: (() => Promise<void>) | null = null): void {
    const action = undo === null ? null : { label: words().start.undo, run: () => void undo() };
    this.toasts.say(said, performance.now(), action);
  }

  private isRecent(): boolean {
    return this.search.value.trim() === "" && this.view.value.show === "recent";
  }

  private async page(from: string | null): Promise<Page<Row>> {
    const typed = this.search.value.trim();
    if (typed !== "") return shelf.searchPage([...typed].slice(0, 200).join(""), from);
    const { entries, next } = await shelf.listPage(listQuery(this.view.value), from);
    return { entries: entries.map((document) => ({ document, titleHits: [], excerpts: [] })), next };
  }

  private change(name: string, fields: Partial<ListedDocument>): void {
    this.rows.value =
      this.rows.value?.map((row) =>
        row.document.name === name ? { ...row, titleHits: [], document: { ...row.document, ...fields } } : row,
      ) ?? null;
  }

  private remove(name: string): void {
    this.rows.value = this.rows.value?.filter((row) => row.document.name !== name) ?? null;
  }
}

/** The title that a list shows: without one, the name. */
export const titleOf = ({ title, name }: Pick<ListedDocument, "title" | "name">): string =>
  title === "" ? name : title;
