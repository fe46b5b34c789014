/** The past of a document on its page: the history panel, and an old version in place of the live text. */

import {
  getDiff,
  getEvents,
  getSittings,
  getText,
  getVersion,
  restoreVersion,
} from "../api/documents";
import { ApiError } from "../api/request";
import { HistoryModel } from "../history/model";
import { HistoryPanel } from "../history/panel";
import { PastView } from "../history/pastview";
import { words } from "../language/language";
import type { DocumentModel } from "./model";

const REFRESH_DELAY_MS = 1_500;

interface PastPartActions {
  /** Do what may fail; where it does, say so. */
  attempt(action: () => Promise<void>): Promise<void>;
  /** Carry a restore out, as one undo step of this user; `run` returns the version that it makes. */
  restore(run: () => Promise<number>): Promise<void>;
  /** The live text is shown again. */
  backToLive(): void;
}

export class PastPart {
  readonly view: PastView;
  private readonly history: HistoryModel;
  private timer: number | undefined;
  private seen = -1;
  /** The version that was asked for last: what comes later for another one is not shown. */
  private wanted: number | null = null;

  constructor(
    private readonly model: DocumentModel,
    private readonly actions: PastPartActions,
  ) {
    this.view = new PastView({
      restore: (version) => void this.restore(version),
      back: () => this.backToLive(),
    });
    this.history = new HistoryModel(
      {
        sittings: (bounds) => getSittings(model.name, bounds),
        events: (bounds) => getEvents(model.name, bounds),
      },
      wordsOf,
    );
    model.panels.add({
      id: "history",
      title: () => words().history.title,
      render: () => (
        <HistoryPanel
          model={this.history}
          onChoose={(version, since) => void this.show(version, since)}
        />
      ),
      opened: () => void this.history.open(),
      closed: () => {
        this.history.close();
        this.backToLive();
      },
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
    ]);
  }

  /** The document is at `version`: what the panel shows may be old. */
  moved(version: number): void {
    if (version === this.seen) return;
    this.seen = version;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.history.refresh(), REFRESH_DELAY_MS);
  }

  /** Show the text at `version`, with what has changed since the version `since`. */
  private async show(version: number, since: number): Promise<void> {
    const { name } = this.model;
    this.wanted = version;
    this.history.shown.value = version;
    await this.actions.attempt(async () => {
      const [{ event, text }, before, ops] = await Promise.all([
        getVersion(name, version),
        getText(name, since),
        getDiff(name, since, version),
      ]);
      if (this.wanted !== version) return;
      this.view.show({ event, text, before, ops }, this.model.isWritable.value);
      this.model.shownVersion.value = version;
    });
  }

  private async restore(version: number): Promise<void> {
    await this.actions.attempt(async () => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      await this.actions.restore(() => restoreVersion(this.model.name, version, id));
      this.backToLive();
    });
  }

  private backToLive(): void {
    this.wanted = null;
    this.history.shown.value = null;
    if (this.view.version === null) return;
    this.view.hide();
    this.model.shownVersion.value = null;
    this.actions.backToLive();
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  throw error;
}
