/** Who wrote what, in the live text: asked of the server, and moved along with what is written meanwhile. */

import { Compartment, EditorView, StateEffect, type ChangeDesc } from "../vendor/codemirror";
import { signal, type ReadonlySignal } from "../vendor/preact";
import { authorColours, setAuthors, setOwnLook, type AuthorLook, type AuthorMark } from "./authorcolours";
import { looksOf, unitsOf, type BlamedSpan, type Contribution } from "./authorspans";

export interface AuthorSource {
  blame(version: number): Promise<BlamedSpan[]>;
  contributions(version: number): Promise<Contribution[]>;
}

export interface LiveText {
  editor(): EditorView | null;
  /** The version that the editor shows, or null while something of it is not stored yet. */
  settledVersion(): number | null;
  /** The id of whoever writes here. */
  self(): string | null;
}

const DELAY_MS = 1_000;
const AGAIN_MS = 400;

export class AuthorLayer {
  /** Whether authors are shown in the text. */
  readonly isOn = signal(false);
  readonly people: ReadonlySignal<readonly Contribution[] | null>;
  readonly trouble: ReadonlySignal<string>;

  private readonly found = signal<readonly Contribution[] | null>(null);
  private readonly why = signal("");
  private readonly place = new Compartment();
  private view: EditorView | null = null;
  private timer: number | undefined;
  private isAsking = false;
  /** The version whose authors are shown. */
  private shown = -1;
  /** What was written since the question that is on its way, or null. */
  private since: ChangeDesc | null = null;

  constructor(
    private readonly live: LiveText,
    private readonly source: AuthorSource,
    private readonly marks: (spans: readonly BlamedSpan[], looks: ReadonlyMap<string, AuthorLook>) => AuthorMark[],
    private readonly failed: (error: unknown) => string,
  ) {
    this.people = this.found;
    this.trouble = this.why;
  }

  setOn(isOn: boolean): void {
    this.isOn.value = isOn;
    this.shown = -1;
    const view = this.live.editor();
    if (view !== null) this.put(view, isOn);
    if (isOn) void this.refresh();
  }

  /** Something was written: look again, soon. */
  moved(): void {
    if (!this.isOn.value) return;
    this.timer ??= window.setTimeout(() => void this.refresh(), DELAY_MS);
  }

  /** Read who wrote how much at `version`. */
  async readPeople(version: number): Promise<void> {
    try {
      this.found.value = await this.source.contributions(version);
      this.why.value = "";
    } catch (error) {
      this.why.value = this.failed(error);
    }
  }

  private put(view: EditorView, isOn: boolean): void {
    const extension = isOn ? [authorColours, EditorView.updateListener.of(({ changes, docChanged }) => this.note(docChanged ? changes.desc : null))] : [];
    const effect = this.view === view ? this.place.reconfigure(extension) : StateEffect.appendConfig.of(this.place.of(extension));
    this.view = view;
    view.dispatch({ effects: effect });
  }

  private note(change: ChangeDesc | null): void {
    if (change !== null) this.since = this.since?.composeDesc(change) ?? null;
  }

  private async refresh(): Promise<void> {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    const view = this.live.editor();
    const version = this.live.settledVersion();
    if (!this.isOn.value || view === null || this.isAsking) return;
    if (version === null) return this.again();
    if (version === this.shown) return;
    if (view !== this.view) this.put(view, true);
    this.isAsking = true;
    const { length } = view.state.doc;
    this.since = view.state.changes().desc;
    try {
      const [spans, people] = await Promise.all([this.source.blame(version), this.source.contributions(version)]);
      this.why.value = "";
      this.found.value = people;
      // Otherwise the editor was not at that version after all.
      if (unitsOf(spans) === length) this.show(view, version, spans, people);
      else this.again();
    } catch (error) {
      this.why.value = this.failed(error);
    } finally {
      this.isAsking = false;
      this.since = null;
    }
    // What came while it was asked is asked for next.
    if (this.live.settledVersion() !== version) this.again();
  }

  private show(view: EditorView, version: number, spans: readonly BlamedSpan[], people: readonly Contribution[]): void {
    if (!this.isOn.value || this.since === null) return;
    const looks = looksOf(people);
    const { since } = this;
    const marks = this.marks(spans, looks).map((mark) => ({ ...mark, from: since.mapPos(mark.from, 1), to: since.mapPos(mark.to, -1) }));
    const own = looks.get(this.live.self() ?? "") ?? null;
    view.dispatch({ effects: [setAuthors.of(marks), setOwnLook.of(own)] });
    this.shown = version;
  }

  private again(): void {
    this.timer ??= window.setTimeout(() => void this.refresh(), AGAIN_MS);
  }
}
