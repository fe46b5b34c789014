/** The past of a document on its page: the history panel, and an old version in place of the live text. */

import { getVersion, restoreVersion } from "../api/documents";
import { HistoryDrawer } from "../history/drawer";
import { words } from "../language/language";
import { Host } from "./host";
import type { DocumentModel } from "./model";
import { VersionView } from "./version";

const REFRESH_DELAY_MS = 1_500;

interface PastActions {
  /** Do what may fail; where it does, say so. */
  attempt(action: () => Promise<void>): Promise<void>;
  /** Carry a restore out, as one undo step of this user; `run` returns the version that it makes. */
  restore(run: () => Promise<number>): Promise<void>;
  /** The live text is shown again. */
  backToLive(): void;
}

export class PastPart {
  readonly view: VersionView;
  private readonly drawer: HistoryDrawer;
  private timer: number | undefined;
  private seen = -1;

  constructor(
    private readonly model: DocumentModel,
    private readonly actions: PastActions,
  ) {
    this.view = new VersionView({
      restore: (version) => void this.restore(version),
      back: () => this.backToLive(),
    });
    this.drawer = new HistoryDrawer(model.name, { chosen: (version) => void this.show(version) });
    model.panels.add({
      id: "history",
      title: () => words().command.history,
      render: () => <Host doms={[this.drawer.dom]} />,
      opened: () => this.drawer.open(),
      closed: () => {
        this.drawer.close();
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
    this.timer = window.setTimeout(() => this.drawer.refresh(), REFRESH_DELAY_MS);
  }

  private async show(version: number): Promise<void> {
    this.drawer.select(version);
    await this.actions.attempt(async () => {
      const { event, text } = await getVersion(this.model.name, version);
      this.view.show(event, text, this.model.isWritable.value);
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
    if (this.view.version === null) return;
    this.view.hide();
    this.drawer.select(null);
    this.model.shownVersion.value = null;
    this.actions.backToLive();
  }
}
