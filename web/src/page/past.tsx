/**
 * The past of a document on its page: its commands, and where its panel and old versions have their place. All
 * else is loaded once somebody asks for it.
 */

import type { PastDesk } from "../history/pastdesk";
import type { EditorView } from "../vendor/codemirror";
import { element } from "../dom";
import { loadStyle } from "../files";
import { versionIn } from "../history/versionlink";
import { words } from "../language/language";
import { signal } from "../vendor/preact";
import type { DocumentModel } from "./model";

export interface PastPartActions {
  /** Do what may fail; where it does, say so. */
  attempt(action: () => Promise<void>): Promise<void>;
  /** Carry a restore out, as one undo step of this user; `run` returns the version that it makes. */
  restore(run: () => Promise<number>): Promise<void>;
  /** The live text is shown again. */
  backToLive(): void;
  /** The live editor, or null while the document is being opened. */
  editor(): EditorView | null;
  /** The version that the editor shows, or null while edits are on their way. */
  settledVersion(): number | null;
}

/** Where what belongs to the past is shown. */
export interface PastPlaces {
  readonly bar: HTMLElement;
  readonly source: HTMLElement;
  readonly rendered: HTMLElement;
}

export class PastPart implements PastPlaces {
  readonly bar = element("div");
  readonly source = element("div");
  readonly rendered = element("div");

  private readonly desk = signal<PastDesk | null>(null);
  private loading: Promise<PastDesk | null> | null = null;
  private hasLooked = false;

  constructor(
    private readonly model: DocumentModel,
    private readonly actions: PastPartActions,
  ) {
    model.panels.add({
      id: "history",
      title: () => words().history.title,
      render: () => this.desk.value?.panel() ?? <p class="hint">{words().history.loading}</p>,
      opened: () => void this.withDesk((desk) => desk.opened()),
      closed: () => this.desk.value?.closed(),
    });
    model.commands.add([
      {
        id: "history",
        group: "history",
        label: () => words().command.history,
        shortcut: "Mod-Alt-h",
        icon: "history",
        active: () => model.panels.isOpen("history"),
        run: () => model.panels.toggle("history"),
      },
      {
        id: "playback",
        group: "history",
        label: () => words().playback.open,
        run: () => void this.withDesk((desk) => desk.play()),
      },
      {
        id: "authors",
        group: "history",
        label: () => words().command.authors,
        shortcut: "Mod-Alt-a",
        icon: "users",
        active: () => this.desk.value?.layer.isOn.value === true,
        run: () => void this.withDesk((desk) => desk.toggleAuthors()),
      },
      {
        id: "take-back-selected",
        group: "history",
        label: () => words().history.takeBack.selected,
        icon: "undo",
        available: () => model.isWritable.value,
        run: () => void this.withDesk((desk) => desk.takeBackSelected()),
      },
    ]);
  }

  /** The old text that is shown, or null while the live one is. */
  get text(): string | null {
    return this.desk.value?.text ?? null;
  }

  /** The document is at `version`: what the panel shows may be old. */
  moved(version: number): void {
    this.desk.value?.moved(version);
  }

  /** The document is here: show the version that the address names, if it names one. */
  showLinked(): void {
    const version = this.hasLooked ? null : versionIn(location.search);
    this.hasLooked = true;
    if (version === null) return;
    this.model.panels.show("history");
    void this.withDesk((desk) => void desk.showSinceSitting(version));
  }

  private async withDesk(action: (desk: PastDesk) => void): Promise<void> {
    this.loading ??= this.load();
    const desk = await this.loading;
    if (desk !== null) action(desk);
  }

  private async load(): Promise<PastDesk | null> {
    try {
      const [{ PastDesk }] = await Promise.all([import("../history/pastdesk"), loadStyle("pastStyle")]);
      this.desk.value = new PastDesk(this.model, this.actions, this);
      return this.desk.value;
    } catch {
      this.loading = null;
      this.model.say(words().page.partMissing);
      return null;
    }
  }
}
