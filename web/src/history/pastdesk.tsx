/** All that one can do with the past of a document, put together: the panel, old versions, the playback. */

import { getBlame, getContributions, getFirstAuthors } from "../api/authors";
import { getPlayback } from "../api/playback";
import { getDiff, getEvents, getKept, getSittings, getText, getVersion, restoreVersion } from "../api/pasttexts";
import { ApiError } from "../api/request";
import { previewTakeBack, takeBack } from "../api/takingback";
import { changeName, listNames, nameVersion, removeName } from "../api/versionnames";
import { words } from "../language/language";
import type { DocumentModel } from "../page/model";
import type { PastPartActions, PastPlaces } from "../page/past";
import { computed, effect } from "../vendor/preact";
import { copyOrDownload } from "../download";
import type { AuthorLook, AuthorMark } from "./authorcolours";
import { AuthorLayer } from "./authorlayer";
import { looksOf, marksOf, type BlamedSpan } from "./authorspans";
import { GoneDialog, type Kept } from "./keptnote";
import { goneIn } from "./missing";
import { HistoryModel } from "./model";
import type { NamedActions } from "./namedlist";
import { NamedVersions } from "./namedversion";
import { Naming } from "./naming";
import { HistoryPanel } from "./panel";
import { PastView } from "./pastview";
import { TakeBackDialog, type SelectedText, type TakeBackActions } from "./takebackdialog";
import type { TakeBackRange, TakeBackWish } from "./takeback";
import { PlaybackModel } from "./playbackmodel";
import { PlaybackView } from "./playbackview";
import { restoredVersion } from "./sitting";
import { longTime } from "./times";
import { versionIn } from "./versionlink";

const REFRESH_DELAY_MS = 1_500;
const DAY_MS = 86_400_000;

export class PastDesk {
  private readonly view: PastView;
  private readonly history: HistoryModel;
  private readonly names: NamedVersions;
  private readonly naming: Naming;
  /** Who wrote what, in the live text and in an old version. */
  readonly layer: AuthorLayer;
  private playback: PlaybackView | null = null;
  private timer: number | undefined;
  private seen = -1;
  /** The version that was asked for last: what comes later for another one is not shown. */
  private wanted: number | null = null;

  constructor(
    private readonly model: DocumentModel,
    private readonly actions: PastPartActions,
    private readonly places: PastPlaces,
  ) {
    this.view = new PastView({
      restore: (version) => void this.restore(version),
      back: () => this.backToLive(),
      isWritable: model.isWritable,
      isWide: computed(() => !model.isNarrow.value),
      laidOut: (isBeside) => (model.isBeside.value = isBeside),
      copy: (text) => void this.copy(text),
      namesOf: (version) => this.names.within(version, version).map(({ name }) => name),
      name: (version) => this.naming.nameVersion(version),
      copyLink: (version) => void this.naming.copyLink(version),
      takeBack: (after, upto, selected) => this.takeBack(null, { after, upto }, selected),
      play: () => this.play(),
    });
    places.bar.append(this.view.bar);
    places.source.append(this.view.source);
    places.rendered.append(this.view.rendered);
    this.history = new HistoryModel(
      {
        sittings: (bounds) => getSittings(model.name, bounds),
        events: (bounds) => getEvents(model.name, bounds),
        kept: () => keptOf(model.name),
      },
      wordsOf,
    );
    const { name } = model;
    this.layer = new AuthorLayer(
      { editor: actions.editor, settledVersion: actions.settledVersion, self: () => model.self.value?.id ?? null },
      {
        blame: (version) => getBlame(model.name, version),
        contributions: (version) => getContributions(model.name, version),
      },
      authorMarks,
      wordsOf,
    );
    effect(() => {
      if (this.layer.isOn.value) void this.showPastAuthors();
      else this.view.showAuthors(null);
    });
    let isNarrow = model.isNarrow.value;
    effect(() => {
      if (isNarrow === model.isNarrow.value) return;
      isNarrow = model.isNarrow.value;
      this.view.layOut();
    });
    this.names = new NamedVersions(
      {
        list: (kind, before) => listNames(name, kind, before),
        name: (version, named, note) => nameVersion(name, version, named, note),
        change: (before, named, note) => changeName(name, before, named, note),
        remove: (named) => removeName(name, named),
      },
      wordsOf,
    );
    this.naming = new Naming(model, this.names, (action) => actions.attempt(action));
  }

  panel() {
    return (
      <HistoryPanel
        model={this.history}
        names={this.names}
        layer={this.layer}
        isWritable={this.model.isWritable.value}
        onTakeBack={({ actor, first, last }) => this.takeBack(actor.id, { from: first, to: last })}
        named={this.named}
        head={this.model.version.value}
        onChoose={(version, since) => this.choose(version, () => this.show(version, since))}
        onCompare={(isOn) => this.history.compare(isOn)}
        onPlay={() => this.play()}
        onNameNow={() => this.naming.nameVersion(this.model.version.value)}
      />
    );
  }

  private readonly named: NamedActions = {
    choose: (version) => this.choose(version, () => this.showSinceSitting(version)),
    restore: (version) => void this.restore(version),
    rename: (named) => this.naming.rename(named),
    remove: (named) => void this.naming.remove(named),
    copyLink: (version) => void this.naming.copyLink(version),
  };

  opened(): void {
    void this.history.open();
    void this.names.refresh();
    void this.layer.readPeople(this.model.version.value);
  }

  toggleAuthors(): void {
    this.layer.setOn(!this.layer.isOn.value);
  }

  /** Show in the old version, too, who wrote what. */
  private async showPastAuthors(): Promise<void> {
    const { version } = this.view;
    if (version === null || !this.layer.isOn.value) return;
    await this.actions.attempt(async () => {
      const { name } = this.model;
      const [spans, people] = await Promise.all([getBlame(name, version), getContributions(name, version)]);
      if (this.view.version === version && this.layer.isOn.value) this.view.showAuthors(authorMarks(spans, looksOf(people)));
    });
  }

  closed(): void {
    this.history.close();
    this.history.compare(false);
    if (this.playback === null) this.backToLive();
  }

  /** The old text that is shown, or null. */
  get text(): string | null {
    return this.playback?.text ?? this.view.text;
  }

  /** The document is at `version`: what is shown of its history may be old. */
  moved(version: number): void {
    this.layer.moved();
    if (version === this.seen) return;
    this.seen = version;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      void this.history.refresh();
      if (this.model.panels.isOpen("history")) {
        void this.names.refresh();
        if (!this.layer.isOn.value) void this.layer.readPeople(version);
      }
      void this.playback?.model.load();
    }, REFRESH_DELAY_MS);
  }

  /** Play the document back, from the version that is shown. */
  play(): void {
    if (this.playback !== null) return this.playback.focus();
    const from = this.view.version;
    this.wanted = null;
    this.history.shown.value = null;
    this.view.hide();
    const { name } = this.model;
    const restored = async (version: number): Promise<number | null> => {
      const [event] = await getEvents(name, { after: version - 1, before: version + 1 });
      return restoredVersion(event?.session ?? "");
    };
    const authors = (version: number) => getFirstAuthors(name, version);
    const model = new PlaybackModel({ page: (after) => getPlayback(name, after), restored, authors }, wordsOf);
    if (from !== null) model.seek(from);
    const playback = new PlaybackView(
      model,
      {
        restore: (version) => void this.restore(version),
        inspect: (version) => void this.show(version, model.missing.first(version) - 1),
        close: () => this.backToLive(),
        moved: (version) => (this.model.shownVersion.value = version),
      },
      this.model.isWritable.value,
    );
    this.playback = playback;
    this.places.bar.append(playback.bar);
    this.places.source.append(playback.source);
    this.places.rendered.append(playback.rendered);
    // On a phone the panel would cover the text.
    if (this.model.isNarrow.value) this.model.panels.close();
    playback.focus();
    playback.whileShown(effect(() => void (model.named.value = this.names.given.map(({ version }) => version).reverse())));
    void this.names.refresh();
    void model.load();
  }

  /** A version was chosen: to be shown, or to be compared with another one. */
  private choose(version: number, show: () => Promise<void>): void {
    if (this.history.picked.value === null) return void show();
    const pair = this.history.pick(version);
    if (pair !== null) void this.show(pair[1], pair[0], true);
  }

  private async copy(text: string): Promise<void> {
    await copyOrDownload(text, `${this.model.name}.md`);
    this.model.say(words().history.compare.copied);
  }

  /** Show the text at `version`, with what has changed since `since`; of a version that is gone the nearest. */
  private async show(version: number, since: number, isComparison = false): Promise<void> {
    const { show, compare } = words().history.kept;
    await this.whereKept(
      () => this.showKept(version, since, isComparison),
      isComparison ? compare : show,
      (gone, kept) => {
        const instead = (each: number): number => (each === gone ? kept : each);
        if (isComparison) void this.show(instead(version), instead(since), true);
        else void this.showSinceSitting(kept);
      },
    );
  }

  /** Do what needs a version; where that is gone, offer the nearest ones that are kept. */
  private async whereKept(
    action: () => Promise<void>,
    label: (version: number) => string,
    choose: (gone: number, kept: number) => void,
  ): Promise<void> {
    await this.actions.attempt(async () => {
      try {
        await action();
      } catch (error) {
        const gone = goneIn(error);
        if (gone === null) throw error;
        this.model.dialog.show((close) => (
          <GoneDialog gone={gone} label={label} choose={(kept) => choose(gone.version, kept)} close={close} />
        ));
      }
    });
  }

  private async showKept(version: number, since: number, isComparison = false): Promise<void> {
    const { name } = this.model;
    this.wanted = version;
    this.history.shown.value = version;
    const [{ event, text }, before, ops] = await Promise.all([
      getVersion(name, version),
      getText(name, since),
      getDiff(name, since, version),
    ]);
    if (this.wanted !== version) return;
    this.endPlayback();
    this.view.show({ event, text, before, since, ops, isComparison });
    this.model.shownVersion.value = version;
    void this.showPastAuthors();
  }

  /** Show the text at `version`, with what has changed in its sitting up to there. */
  async showSinceSitting(version: number): Promise<void> {
    await this.actions.attempt(async () => {
      const { sittings } = await getSittings(this.model.name, { before: version + 1 });
      await this.show(version, (sittings[0]?.first ?? version) - 1);
    });
  }

  /** Take back what was done to the selected text, the live one or that of the version that is shown. */
  takeBackSelected(): void {
    const selected = this.view.version === null ? this.selected() : this.view.selected;
    if (selected === null) return this.model.say(words().history.takeBack.selectFirst);
    const { state } = this.view;
    if (state !== null) return this.takeBack(null, { after: state.since, upto: state.event.version }, selected);
    const now = Date.now();
    const from = this.history.sittings[0]?.from ?? now - DAY_MS;
    this.takeBack(null, { from, to: now }, selected);
  }

  /** The selected live text, where the server knows it as that of a version. */
  private selected(): SelectedText | null {
    const [state, version] = [this.actions.editor()?.state, this.actions.settledVersion()];
    if (state === undefined || version === null || state.selection.main.empty) return null;
    const { from, to } = state.selection.main;
    return { part: { version, from, to }, text: state.sliceDoc(from, to) };
  }

  /** Ask whose changes of `range` are to be taken back, show what that does, and do it. */
  private takeBack(actor: string | null, range: TakeBackRange, selected: SelectedText | null = null): void {
    const { name } = this.model;
    const people = (this.layer.people.value ?? []).map((person) => person.actor);
    const actions: TakeBackActions = {
      preview: async (wish) => {
        const taken = await previewTakeBack(name, wish);
        return { taken, text: await getText(name, taken.version) };
      },
      carryOut: (wish) => void this.carryOut(wish),
    };
    this.model.dialog.show((close) => <TakeBackDialog people={people} actor={actor} range={range} selected={selected} actions={actions} close={close} />);
  }

  private async carryOut(wish: TakeBackWish): Promise<void> {
    await this.actions.attempt(async () => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      await this.actions.restore(() => takeBack(this.model.name, wish, id));
      this.backToLive();
      const undo = { label: words().history.takeBack.undo, run: () => void this.model.commands.run("undo") };
      this.model.say(words().history.takeBack.done, undo);
    });
  }

  private async restore(version: number): Promise<void> {
    await this.whereKept(
      async () => {
        const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
        await this.actions.restore(() => restoreVersion(this.model.name, version, id));
        this.backToLive();
      },
      words().history.compare.restore,
      (_, kept) => void this.restore(kept),
    );
  }

  private endPlayback(): void {
    this.playback?.dispose();
    this.playback = null;
  }

  private backToLive(): void {
    this.wanted = null;
    this.history.shown.value = null;
    if (versionIn(location.search) !== null) window.history.replaceState(window.history.state, "", location.pathname);
    if (this.playback === null && this.view.version === null) return;
    this.endPlayback();
    this.view.hide();
    this.model.shownVersion.value = null;
    this.actions.backToLive();
  }
}

const authorMarks = (spans: readonly BlamedSpan[], looks: ReadonlyMap<string, AuthorLook>): AuthorMark[] =>
  marksOf(spans, looks, (look, { at, version }) => words().history.people.written(look.name, longTime(at), version));

async function keptOf(name: string): Promise<Kept> {
  const kept = await getKept(name);
  if (kept.gone === 0) return { ...kept, until: null };
  const [last] = await getEvents(name, { after: kept.wholeAfter - 1, before: kept.wholeAfter + 1 });
  return { ...kept, until: last?.at ?? null };
}

function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  throw error;
}
