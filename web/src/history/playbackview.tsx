/** The playback on the page: the text at one event after the other, coloured by its authors, and a bar over it. */

import { element } from "../dom";
import { createReader } from "../editor/editor";
import { words } from "../language/language";
import { normalText } from "../newlines";
import { editBetween } from "../pairs";
import { decorate } from "../preview/decorate";
import { enrich } from "../preview/enrich";
import { loadEmoji, renderWhole } from "../transfer/rendering";
import { Decoration, EditorView, StateEffect, StateField, WidgetType, type DecorationSet, type Extension } from "../vendor/codemirror";
import { effect, render } from "../vendor/preact";
import { authorColours, setAuthors, type AuthorMark } from "./authorcolours";
import { lookOf } from "./authorlook";
import { PlaybackBar } from "./playbackbar";
import type { ChangedPlace } from "./playbacklife";
import { playbackDeed, type PlaybackModel } from "./playbackmodel";

export interface PlaybackActions {
  restore(version: number): void;
  /** Show what one version changed, in place of the playback. */
  inspect(version: number): void;
  close(): void;
  /** The event that is shown is another one. */
  moved(version: number): void;
}

/** With less motion the text changes once in so long. */
const CALM_MS = 1_000;
const MIN_RENDER_DELAY_MS = 150;
const MAX_RENDER_DELAY_MS = 2_500;

export class PlaybackView {
  readonly bar = element("div", { class: "playback-host" });
  readonly source = element("div", { class: "pane-layer playback-source" });
  readonly rendered = element("div", { class: "pane-layer preview" });

  /** The text that is shown, as it was. */
  text = "";

  private readonly reader: EditorView;
  private readonly content = element("div", { class: "preview-content" });
  private readonly stops: (() => void)[] = [];
  private renderTimer: number | undefined;
  private renderCostMs = 0;
  private shownVersion = -1;

  constructor(
    readonly model: PlaybackModel,
    readonly actions: PlaybackActions,
    isRestorable: boolean,
  ) {
    this.rendered.append(this.content);
    this.reader = createReader(this.source, "", words().playback.title, [authorColours, changedPlace], { isPlain: true });
    render(<PlaybackBar view={this} isRestorable={isRestorable} />, this.bar);
    for (const dom of [this.bar, this.source]) dom.addEventListener("keydown", (event) => this.key(event));
    this.stops.push(
      effect(() => this.show(model.version.value)),
      effect(() => {
        if (model.isPlaying.value) this.run();
      }),
    );
  }

  /** Take the focus: the slider has the keys. */
  focus(): void {
    this.bar.querySelector<HTMLElement>("input")?.focus();
  }

  /** Have `stop` called at the end. */
  whileShown(stop: () => void): void {
    this.stops.push(stop);
  }

  dispose(): void {
    this.model.close();
    for (const stop of this.stops) stop();
    window.clearTimeout(this.renderTimer);
    this.reader.destroy();
    render(null, this.bar);
    for (const dom of [this.bar, this.source, this.rendered]) dom.remove();
  }

  private key(event: KeyboardEvent): void {
    const { target, key, shiftKey } = event;
    // A button or a choice has its own use of these.
    if (target instanceof HTMLSelectElement || (target instanceof HTMLButtonElement && key === " ")) return;
    const isModified = event.ctrlKey || event.altKey || event.metaKey;
    const rtl = getComputedStyle(this.bar).direction === "rtl";
    const deed = playbackDeed({ key, shiftKey, isModified, rtl });
    if (deed === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (deed === "toggle") this.model.toggle();
    else this.model.step(deed);
  }

  /** Let time pass until the model stops. */
  private run(): void {
    const { model } = this;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    let before = performance.now();
    const go = (): void => {
      if (!model.isPlaying.value) return;
      const now = performance.now();
      if (!calm.matches || now - before >= CALM_MS) {
        // A page out of sight gets no frames; what it missed is not made up for.
        model.tick(Math.min(now - before, 2 * CALM_MS));
        before = now;
      }
      requestAnimationFrame(go);
    };
    requestAnimationFrame(go);
  }

  private show(version: number): void {
    const { life } = this.model;
    const start = performance.now();
    const isStep = Math.abs(version - this.shownVersion) === 1;
    this.shownVersion = version;
    this.text = life.textAt(version);
    const text = normalText(this.text);
    // Positions are those of the text as it was; an old one with other line ends is shown without authors.
    const isExact = text.length === this.text.length;
    const place = isExact ? life.placeOf(version) : null;
    const edit = editBetween(this.reader.state.doc.toString(), text);
    this.reader.dispatch({
      ...(edit === null ? {} : { changes: edit }),
      effects: [
        setAuthors.of(isExact ? this.marks(version) : null),
        setPlace.of(place),
        ...(place === null ? [] : [EditorView.scrollIntoView(place.to, { y: isStep || this.model.isPlaying.value ? "nearest" : "center", yMargin: 80 })]),
      ],
    });
    performance.measure("quire:playback", { start });
    this.actions.moved(version);
    this.renderSoon();
  }

  private marks(version: number): AuthorMark[] {
    const { life } = this.model;
    let from = 0;
    return life.authorsAt(version).map(({ units, person }) => {
      const writer = life.people[person];
      const to = from + units;
      const look = lookOf(writer?.actor ?? { id: "", name: "" }, writer?.color ?? "", person);
      const mark = { from, to, look, tip: look.name };
      from = to;
      return mark;
    });
  }

  private renderSoon(): void {
    if (this.renderTimer !== undefined) return;
    const delay = Math.min(MAX_RENDER_DELAY_MS, Math.max(MIN_RENDER_DELAY_MS, 5 * this.renderCostMs));
    this.renderTimer = window.setTimeout(() => void this.renderText(), delay);
  }

  /** Only while it can be seen, and as often as it costs little. */
  private async renderText(): Promise<void> {
    const { text } = this;
    if (this.rendered.offsetParent !== null) {
      await loadEmoji(text);
      const start = performance.now();
      const { scrollTop } = this.rendered;
      this.content.replaceChildren(...renderWhole(text));
      decorate(this.content, false);
      enrich(this.content);
      this.rendered.scrollTop = scrollTop;
      this.renderCostMs = performance.now() - start;
    }
    this.renderTimer = undefined;
    if (this.text !== text) this.renderSoon();
  }
}

// --- where the shown event changed the text ---

const setPlace = StateEffect.define<ChangedPlace | null>();

class ChangeEnd extends WidgetType {
  override eq(): boolean {
    return true;
  }

  override toDOM(): HTMLElement {
    return element("span", { class: "playback-caret", "aria-hidden": "true" });
  }
}

const changedPlace: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setPlace)) return placeMarks(effect.value);
    return shown.map(transaction.changes);
  },
  provide: (marks) => EditorView.decorations.from(marks),
});

function placeMarks(place: ChangedPlace | null): DecorationSet {
  if (place === null) return Decoration.none;
  const caret = Decoration.widget({ widget: new ChangeEnd(), side: 1 }).range(place.to);
  const mark = Decoration.mark({ class: "playback-change" });
  return Decoration.set(place.to > place.from ? [mark.range(place.from, place.to), caret] : [caret]);
}
