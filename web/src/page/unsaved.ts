/** Texts that the server does not have: kept on this device as the tab goes, and offered when it comes back. */

import { createDocument } from "../api/documents";
import { basePath } from "../base";
import { copyOrDownload, downloadText } from "../download";
import { words } from "../language/language";
import { forgetKeptText, keepText, keptText } from "../memory";
import { documentPage } from "../route";
import type { BannerList } from "./bannerlist";
import type { LiveDocument } from "./live";

export class UnsavedText {
  /** On the way to another page of one's own will: what waits here is kept as text. */
  private leaving = false;
  /** The text that was kept at an earlier visit has been compared with the server's. */
  private looked = false;

  constructor(
    private readonly name: string,
    private readonly banners: BannerList,
    private readonly live: LiveDocument,
  ) {
    if (keptText(name) !== null) this.offer(words().page.keptEarlier);
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && live.session.view().pending > 0) event.preventDefault();
    });
    window.addEventListener("pagehide", () => this.keep());
  }

  /** The user goes to another page. */
  leave(): void {
    this.leaving = true;
    this.keep();
  }

  /** The server's text took the place of `text`. */
  lost(text: string, why: string): void {
    keepText(this.name, text);
    this.offer(why);
  }

  /** What was on its way when the tab went has come through after all. */
  compare(): void {
    if (this.looked || this.live.text === "") return;
    this.looked = true;
    if (keptText(this.name) !== this.live.text) return;
    forgetKeptText(this.name);
    this.banners.set("kept", null);
  }

  async saveAsNew(title: string): Promise<void> {
    const made = await createDocument({ title: words().page.copyOf(title), text: this.live.text });
    this.leaving = true;
    this.live.session.giveUp();
    location.assign(documentPage(basePath(), made.name));
  }

  /** The tab goes: what the server does not have is kept on this device. */
  private keep(): void {
    if (this.live.session.view().pending > 0) keepText(this.name, this.live.text);
  }

  private offer(why: string): void {
    const text = keptText(this.name);
    if (text === null) return;
    const fileName = `${this.name}-unsaved.md`;
    const { page, common } = words();
    this.banners.set("kept", {
      tone: "warning",
      words: page.kept(why),
      actions: [
        { label: page.copyIt, run: () => void copyOrDownload(text, fileName) },
        { label: page.downloadIt, run: () => downloadText(text, fileName) },
        {
          label: common.dismiss,
          run: () => {
            forgetKeptText(this.name);
            this.banners.set("kept", null);
          },
        },
      ],
    });
  }
}
