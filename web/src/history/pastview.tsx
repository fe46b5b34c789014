/** An old version in place of the live text, what changed marked in it, and a bar that says so. */

import { element } from "../dom";
import { createReader } from "../editor/editor";
import { words } from "../language/language";
import { decorate } from "../preview/decorate";
import { enrich, whenMoreIsLoaded } from "../preview/enrich";
import { loadEmoji, renderWhole } from "../transfer/rendering";
import type { EditorView } from "../vendor/codemirror";
import { render, signal, type ReadonlySignal } from "../vendor/preact";
import { Icon } from "../ui/icon";
import { MenuButton } from "../ui/menu";
import { changesOf, inNormalText, stepTo, type Change, type Span } from "./comparison";
import { diffMarks, markChanges } from "./marks";
import { restoredVersion, type HistoryEvent } from "./sitting";
import { longTime } from "./times";

export interface PastActions {
  restore(version: number): void;
  back(): void;
  /** Whether a version may be named and restored. */
  readonly isWritable: ReadonlySignal<boolean>;
  /** The names of a version. */
  namesOf(version: number): readonly string[];
  name(version: number): void;
  copyLink(version: number): void;
  play(): void;
}

/** What is shown: a version, and the one that it is compared with. */
export interface PastText {
  readonly event: HistoryEvent;
  readonly text: string;
  readonly before: string;
  /** The edit from `before` to `text`, in UTF-16 units. */
  readonly ops: readonly Span[];
}

interface Shown {
  readonly event: HistoryEvent;
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
  private past: PastText | null = null;
  private loading: Promise<unknown> = Promise.resolve();

  constructor(readonly actions: PastActions) {
    this.rendered.append(this.content);
    render(<Bar view={this} />, this.bar);
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

  show(past: PastText): void {
    const isMarked = this.shown.value?.isMarked ?? true;
    const changes = inNormalText(past.text, changesOf(past.before, past.ops));
    this.past = past;
    this.shown.value = { event: past.event, changes, current: null, isMarked };
    this.reader.view?.destroy();
    const label = words().history.textAt(past.event.version);
    this.reader.view = createReader(this.source, past.text, label, diffMarks);
    this.setHidden(false);
    this.mark();
    void this.renderSoon();
  }

  hide(): void {
    this.past = null;
    this.shown.value = null;
    this.reader.view?.destroy();
    this.reader.view = null;
    this.content.replaceChildren();
    this.setHidden(true);
  }

  /** Go to the next or the previous change, around the ends. */
  step(by: 1 | -1): void {
    const shown = this.shown.value;
    if (shown === null) return;
    const current = stepTo(shown.changes.length, shown.current, by);
    this.shown.value = { ...shown, current };
    this.mark();
    this.showInRendering(current, shown.changes.length);
  }

  setMarked(isMarked: boolean): void {
    const shown = this.shown.value;
    if (shown === null) return;
    this.shown.value = { ...shown, isMarked };
    this.mark();
    void this.renderSoon();
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
      const { markBlocks } = await import("./renderedmarks");
      if (this.past !== past) return;
      this.content.replaceChildren(...markBlocks(renderWhole(past.before), now));
    }
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

function Bar({ view }: { readonly view: PastView }) {
  const { viewing, restored, restore, backToLive, showChanges, menu } = words().history;
  const { nameThis, copyLink } = words().history.names;
  const shown = view.state;
  if (shown === null) return null;
  const { event, isMarked } = shown;
  const { actions } = view;
  const isWritable = actions.isWritable.value;
  const names = actions.namesOf(event.version);
  const brought = restoredVersion(event.session);
  return (
    <div class="banner banner-version" role="status">
      <span class="banner-words">
        {viewing(event.version)} ·{" "}
        {names.map((name) => (
          <>
            <bdi class="chip chip-name">{name}</bdi>{" "}
          </>
        ))}
        <bdi>{event.actor.name}</bdi> · {longTime(event.at)}
        {brought !== null && ` · ${restored(brought)}`}
      </span>
      <label class="past-toggle">
        <input type="checkbox" checked={isMarked} onChange={({ currentTarget }) => view.setMarked(currentTarget.checked)} />
        {showChanges}
      </label>
      {isMarked && <Steps view={view} shown={shown} />}
      <button
        type="button"
        class="button button-small button-primary"
        disabled={!isWritable}
        onClick={() => view.restore()}
      >
        {restore}
      </button>
      <button type="button" class="button button-small" onClick={() => view.back()}>
        {backToLive}
      </button>
      <MenuButton
        label={menu}
        class="icon-button"
        atEnd
        groups={() => [
          {
            id: "version",
            entries: [
              { id: "name", label: nameThis, icon: "tag", disabled: !isWritable, run: () => actions.name(event.version) },
              { id: "link", label: copyLink, icon: "link", run: () => actions.copyLink(event.version) },
              { id: "play", label: words().playback.openHere, icon: "history", run: () => actions.play() },
            ],
          },
        ]}
      >
        <Icon name="more" />
      </MenuButton>
    </div>
  );
}

function Steps({ view, shown }: { readonly view: PastView; readonly shown: Shown }) {
  const { changes, changeOf, previousChange, nextChange } = words().history;
  const count = shown.changes.length;
  const { current } = shown;
  return (
    <span class="past-steps">
      <span>{current === null ? changes(count) : changeOf(current + 1, count)}</span>
      <button type="button" class="icon-button" aria-label={previousChange} disabled={count === 0} onClick={() => view.step(-1)}>
        ▲
      </button>
      <button type="button" class="icon-button" aria-label={nextChange} disabled={count === 0} onClick={() => view.step(1)}>
        ▼
      </button>
    </span>
  );
}
