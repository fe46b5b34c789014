/** An old version in place of the live text, with what changed marked in it. */

import { element } from "../dom";
import { createReader } from "../editor/editor";
import { words } from "../language/language";
import { decorate } from "../preview/decorate";
import { enrich, whenMoreIsLoaded } from "../preview/enrich";
import { loadEmoji, renderWhole } from "../transfer/rendering";
import { Compartment, type EditorView } from "../vendor/codemirror";
import { render, signal, type ReadonlySignal } from "../vendor/preact";
import { normalText } from "../newlines";
import { authorColours, setAuthors, type AuthorMark } from "./authorcolours";
import type { BesideSource } from "./besidesource";
import { changesOf, correspondences, inNormalText, paragraphsAround, stepTo, type Change, type Span } from "./comparison";
import { diffMarks, markChanges } from "./marks";
import { PastBar } from "./pastbar";
import type { HistoryEvent } from "./sitting";
import type { SelectedText } from "./takebackdialog";

export interface PastActions {
  restore(version: number): void;
  back(): void;
  /** There is room for two texts beside each other. */
  readonly isWide: ReadonlySignal<boolean>;
  /** The two texts lie beside each other, and take the room of both panes. */
  laidOut(isBeside: boolean): void;
  copy(text: string): void;
  /** Whether a version may be named and restored. */
  readonly isWritable: ReadonlySignal<boolean>;
  /** The names of a version. */
  namesOf(version: number): readonly string[];
  name(version: number): void;
  copyLink(version: number): void;
  /** Take back what happened after one version and up to another, to the selected text alone or to all. */
  takeBack(after: number, upto: number, selected: SelectedText | null): void;
  play(): void;
}

/** What is shown: a version, and the one that it is compared with. */
export interface PastText {
  readonly event: HistoryEvent;
  readonly text: string;
  readonly before: string;
  /** The version of `before`. */
  readonly since: number;
  /** The edit from `before` to `text`, in UTF-16 units. */
  readonly ops: readonly Span[];
  /** Two versions were chosen; otherwise one, with what its sitting changed. */
  readonly isComparison: boolean;
}

export type PastLayout = "inline" | "beside";

/** What the bar tells. */
export interface Shown {
  readonly event: HistoryEvent;
  readonly since: number;
  readonly isComparison: boolean;
  readonly changes: readonly Change[];
  readonly current: number | null;
  readonly isMarked: boolean;
}

export class PastView {
  readonly bar = element("div", { hidden: true });
  readonly source = element("div", { class: "pane-layer", hidden: true });
  readonly rendered = element("div", { class: "pane-layer preview", hidden: true });

  private readonly content = element("div", { class: "preview-content" });
  private readonly shown = signal<Shown | null>(null);
  private readonly reader = { view: null as EditorView | null };
  private readonly layout = signal<PastLayout>("inline");
  private beside: BesideSource | null = null;
  private authors: readonly AuthorMark[] | null = null;
  private readonly authorPlace = new Compartment();
  private past: PastText | null = null;
  private loading: Promise<unknown> = Promise.resolve();

  constructor(readonly actions: PastActions) {
    this.rendered.append(this.content);
    render(<PastBar view={this} />, this.bar);
    whenMoreIsLoaded(() => enrich(this.content));
  }

  /** The version that is shown, or null while the live text is. */
  get version(): number | null {
    return this.shown.value?.event.version ?? null;
  }

  /** The text that is shown, or null while the live text is. */
  get text(): string | null {
    return this.past?.text ?? null;
  }

  get state(): Shown | null {
    return this.shown.value;
  }

  /** Whether the two texts lie beside each other. */
  get isBeside(): boolean {
    return this.layout.value === "beside" && this.shown.value?.isMarked === true && this.actions.isWide.value;
  }

  show(past: PastText): void {
    const isMarked = past.isComparison || (this.shown.value?.isMarked ?? true);
    const changes = inNormalText(past.text, changesOf(past.before, past.ops));
    const { event, since, isComparison } = past;
    this.past = past;
    this.authors = null;
    this.shown.value = { event, since, isComparison, changes, current: null, isMarked };
    this.setHidden(false);
    this.layOut();
  }

  hide(): void {
    this.past = null;
    this.shown.value = null;
    this.clear();
    this.content.replaceChildren();
    this.setHidden(true);
    this.actions.laidOut(false);
  }

  /** Show who wrote what of the version, or no longer (null). */
  showAuthors(marks: readonly AuthorMark[] | null): void {
    this.authors = marks;
    this.mark();
  }

  setLayout(layout: PastLayout): void {
    this.layout.value = layout;
    this.layOut();
  }

  /** The room may have become another one. */
  layOut(): void {
    const { past } = this;
    if (past === null) return;
    this.clear();
    const { textAt } = words().history;
    this.actions.laidOut(this.isBeside);
    if (this.isBeside) void this.showBeside(past);
    else this.reader.view = createReader(this.source, past.text, textAt(past.event.version), [diffMarks, this.authorPlace.of([])]);
    this.mark();
    void this.renderSoon();
  }

  private clear(): void {
    this.reader.view?.destroy();
    this.reader.view = null;
    this.beside?.dispose();
    this.beside = null;
  }

  private async showBeside(past: PastText): Promise<void> {
    const { BesideSource } = await import("./besidesource");
    if (this.past !== past || !this.isBeside || this.beside !== null) return;
    const { textAt } = words().history;
    const { before, text: now, since, event } = past;
    const labels = [textAt(since), textAt(event.version)] as const;
    const changes = correspondences(this.shown.value?.changes ?? []);
    this.beside = new BesideSource(this.source, { before, now, labels, changes });
  }

  /** The selected text of the version in the source, or null. */
  get selected(): SelectedText | null {
    const { past, version } = this;
    const state = this.reader.view?.state;
    if (past === null || version === null || state === undefined || state.selection.main.empty) return null;
    // Positions are those of the text as it was.
    if (normalText(past.text).length !== past.text.length) return null;
    const { from, to } = state.selection.main;
    return { part: { version, from, to }, text: past.text.slice(from, to) };
  }

  /** The paragraph of the older text in which the current change is, or what it took away. */
  get oldParagraph(): string {
    const { past } = this;
    const shown = this.shown.value;
    const change = shown?.current == null ? undefined : correspondences(shown.changes)[shown.current];
    return past === null || change === undefined ? "" : paragraphsAround(normalText(past.before), change.fromA, change.toA);
  }

  /** Go to the next or the previous change, around the ends. */
  step(by: 1 | -1): void {
    const shown = this.shown.value;
    if (shown === null) return;
    const current = stepTo(shown.changes.length, shown.current, by);
    this.shown.value = { ...shown, current };
    this.mark();
    if (current !== null) this.beside?.show(current);
    this.showInRendering(current, shown.changes.length);
  }

  setMarked(isMarked: boolean): void {
    const shown = this.shown.value;
    if (shown === null) return;
    this.shown.value = { ...shown, isMarked };
    this.layOut();
  }

  restore(): void {
    if (this.version !== null) this.actions.restore(this.version);
  }

  back(): void {
    this.actions.back();
  }

  private mark(): void {
    const shown = this.shown.value;
    if (shown === null || this.reader.view === null) return;
    // Positions are those of the text as it was; an old one with other line ends is shown without authors.
    const isExact = this.past !== null && normalText(this.past.text).length === this.past.text.length;
    const marks = isExact ? this.authors : null;
    this.reader.view.dispatch({ effects: this.authorPlace.reconfigure(marks === null ? [] : authorColours) });
    if (marks !== null) this.reader.view.dispatch({ effects: setAuthors.of(marks) });
    markChanges(this.reader.view, shown.isMarked ? shown.changes : [], shown.isMarked ? shown.current : null);
  }

  private renderSoon(): Promise<unknown> {
    this.loading = this.loading.then(() => this.renderText());
    return this.loading;
  }

  private async renderText(): Promise<void> {
    const { past } = this;
    if (past === null) return;
    await loadEmoji(past.text + past.before);
    if (this.past !== past) return;
    const now = renderWhole(past.text);
    if (this.shown.value?.isMarked !== true || past.before === past.text) {
      this.content.replaceChildren(...now);
    } else {
      const { markBeside, markBlocks } = await import("./renderedmarks");
      if (this.past !== past) return;
      const mark = this.isBeside ? markBeside : markBlocks;
      this.content.replaceChildren(...mark(renderWhole(past.before), now));
    }
    this.content.classList.toggle("beside", this.isBeside && past.before !== past.text);
    decorate(this.content, false);
    enrich(this.content);
  }

  /** The mark in the rendering that is about as far down as the change in the source. */
  private showInRendering(current: number | null, count: number): void {
    const marks = [...this.content.querySelectorAll<HTMLElement>("ins, del, .diff-block-changed")].filter(
      (mark) => mark.parentElement?.closest("ins, del") === null,
    );
    for (const mark of this.content.querySelectorAll(".diff-current")) mark.classList.remove("diff-current");
    if (current === null || marks.length === 0) return;
    const mark = marks[Math.min(marks.length - 1, Math.floor((current * marks.length) / count))];
    mark?.classList.add("diff-current");
    mark?.scrollIntoView({ block: "center" });
  }

  private setHidden(hidden: boolean): void {
    for (const dom of [this.bar, this.source, this.rendered]) dom.hidden = hidden;
  }
}
