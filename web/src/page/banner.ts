/** Thin bars under the header that say what is wrong and what one can do; never over the text. */

import { element } from "../dom";

export interface BannerAction {
  readonly label: string;
  readonly run: () => void;
}

export interface BannerContent {
  readonly tone: "neutral" | "warning" | "error";
  readonly words: string;
  readonly actions: readonly BannerAction[];
}

export class Banners {
  readonly dom = element("div", { class: "banners" });
  private readonly shown = new Map<string, { readonly key: string; readonly dom: HTMLElement }>();

  /** Show `content` as the banner called `name`, or take it away (null). */
  set(name: string, content: BannerContent | null): void {
    const key = JSON.stringify(content);
    const before = this.shown.get(name);
    if (before?.key === key) return;
    before?.dom.remove();
    this.shown.delete(name);
    if (content === null) return;
    const dom = element(
      "div",
      { class: `banner banner-${content.tone}`, role: content.tone === "error" ? "alert" : "status" },
      element("span", { class: "banner-words" }, content.words),
      ...content.actions.map(({ label, run }) =>
        element("button", { type: "button", class: "button button-small", onclick: run }, label),
      ),
    );
    this.shown.set(name, { key, dom });
    this.dom.append(dom);
  }
}

/** Copy `text`; where the browser forbids it, offer it as a file. */
export async function copyOrDownload(text: string, fileName: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    downloadText(text, fileName);
  }
}

export function downloadText(text: string, fileName: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  const link = element("a", { href: url, download: fileName });
  link.click();
  URL.revokeObjectURL(url);
}
