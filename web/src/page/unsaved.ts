/** Texts that the server does not have: refused, replaced, or left by an earlier visit; and what one can do with them. */

import { createWhole } from "../api/creating";
import { basePath } from "../base";
import type { KeptText } from "../device/stored";
import { copyOrDownload, downloadText } from "../download";
import { words } from "../language/language";
import { forgetKeptText, keepText, keptText, rememberedUser } from "../memory";
import { documentPage } from "../route";
import type { BannerList } from "./bannerlist";
import type { LiveDocument } from "./live";

export interface UnsavedHost {
  /** A new document with `text`; null for whoever may not create documents. */
  saveAsNew(): ((text: string) => void) | null;
}

export class UnsavedText {
  /** On the way to another page of one's own will. */
  private leaving = false;
  /** What an earlier Quire kept has been compared with the server's text. */
  private looked = false;
  /** Why a text is here, if that happened at this visit. */
  private readonly reasons = new Map<KeptText, string>();
  /** Texts that were to be inserted and were not. */
  private readonly dropped = new Set<KeptText>();

  constructor(
    private readonly name: string,
    private readonly banners: BannerList,
    private readonly live: LiveDocument,
    private readonly host: UnsavedHost,
  ) {
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.wouldLose()) event.preventDefault();
    });
    window.addEventListener("pagehide", () => this.keep());
  }

  /** The user goes to another page. */
  leave(): void {
    this.leaving = true;
    this.keep();
  }

  /** The newest text became one that is kept, for this reason. */
  explain(why: string): void {
    const kept = this.newest;
    if (kept !== null) this.reasons.set(kept, why);
    this.refresh();
  }

  /** `text` was not inserted, and nothing is said to be saved until the user has dealt with it. */
  refuse(text: string, why: string): void {
    this.live.session.keeping.keep(text);
    const kept = this.newest;
    if (kept !== null) this.dropped.add(kept);
    this.live.session.dropped = true;
    this.explain(why);
  }

  /** Show the newest text that is kept. */
  refresh(): void {
    const kept = this.newest;
    if (kept === null) return this.banners.set("kept", null);
    const { saving, common } = words();
    const why = this.reasons.get(kept) ?? saving.earlierText;
    const where = this.live.session.keeping.holdsAll ? saving.keptOnDevice : saving.keptInTab;
    const fileName = `${this.name}-unsaved.md`;
    const saveAsNew = this.host.saveAsNew();
    this.banners.set("kept", {
      tone: "warning",
      words: `${why} ${where}`,
      actions: [
        { label: saving.copyIt, run: () => void copyOrDownload(kept.text, fileName) },
        { label: saving.downloadIt, run: () => downloadText(kept.text, fileName) },
        ...(saveAsNew === null
          ? []
          : [{ label: saving.saveAsNew, run: () => saveAsNew(kept.text) }]),
        { label: common.dismiss, run: () => this.dismiss(kept) },
      ],
    });
  }

  /** What an earlier visit kept without a database: saved after all, or one of the texts. */
  compare(): void {
    if (this.looked || this.live.text === "") return;
    this.looked = true;
    const user = rememberedUser();
    const text = user === null ? null : keptText(user, this.name);
    if (user === null || text === null) return;
    forgetKeptText(user, this.name);
    if (text !== this.live.text) this.live.session.keeping.keep(text);
  }

  /** A new document with `text`, which is no longer wanted here; the page goes there. */
  async moveToNew(text: string, title: string): Promise<void> {
    const made = await createWhole(words().page.copyOf(title), text);
    this.leaving = true;
    const { keeping } = this.live.session;
    if (text === this.live.text) this.live.session.giveUp();
    for (const kept of keeping.texts) if (kept.text === text) keeping.forget(kept);
    await keeping.flushed();
    location.assign(documentPage(basePath(), made.name));
  }

  private get newest(): KeptText | null {
    const { texts } = this.live.session.keeping;
    return texts[texts.length - 1] ?? null;
  }

  private dismiss(kept: KeptText): void {
    const { session } = this.live;
    this.dropped.delete(kept);
    session.dropped = this.dropped.size > 0;
    session.keeping.forget(kept);
  }

  /** Whether something would be gone with this tab. */
  private wouldLose(): boolean {
    const { keeping } = this.live.session;
    const waits = this.live.session.view().pending > 0 || keeping.texts.length > 0;
    return waits && !keeping.holdsAll;
  }

  /** The tab goes, and the database did not take what is only here: another place may. */
  private keep(): void {
    // Nobody is remembered once somebody has signed out: what was erased stays erased.
    const user = rememberedUser();
    if (user !== null && this.live.session.view().pending > 0 && !this.live.session.keeping.holdsAll) {
      keepText(user, this.name, this.live.text);
    }
  }
}
