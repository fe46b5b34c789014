/** The title of the page: what somebody has set, or else what the text says, kept up with both. */

import type { DocumentInfo } from "../api/documents";
import { rememberDocument } from "../memory";
import { derivedTitle } from "../preview/title";
import type { DocumentModel, ShownTitle } from "./model";

const DELAY_MS = 400;
/** The server has derived the title of what it has stored after one of these; a busy one takes longer. */
const ASKED_AFTER_MS = [1_500, 3_000, 8_000] as const;

/**
 * The title to show. A text may be silent about its title (empty), or leave it to the server (null).
 * Pure.
 */
export function titleToShow(
  info: Pick<DocumentInfo, "title" | "titleDerived"> | null,
  derived: string | null,
  name: string,
): ShownTitle {
  const known = info?.title ?? "";
  if (known !== "" && info?.titleDerived === false) return { words: known, isDerived: false };
  return { words: (derived ?? known) || name, isDerived: true };
}

/** What the title is made of. */
export interface TitleSource {
  /** The text, of which no more than the first `TITLE_UNITS` matter. */
  head(): string;
  /** Ask the server anew what the document is; `learn` is given the answer. */
  describe(): Promise<unknown>;
  /** The document is known to be there: an address that was only looked at is not remembered. */
  exists(): boolean;
  /** The version that is here whole, or null while edits are on their way. */
  storedVersion(): number | null;
}

export class Titling {
  private info: DocumentInfo | null = null;
  private timer: number | undefined;
  private askedAt = -1;
  private shown: string | null = null;
  private remembered: string | null = null;

  constructor(
    private readonly model: DocumentModel,
    private readonly source: TitleSource,
  ) {}

  /** The server has said what the document is. */
  learn(info: DocumentInfo | null): void {
    if (info !== null) this.info = info;
    this.refresh();
  }

  refreshSoon(): void {
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.refresh();
    }, DELAY_MS);
  }

  refresh(): void {
    const derived = derivedTitle(this.source.head());
    const title = titleToShow(this.info, derived, this.model.name);
    if (title.words !== this.shown) {
      this.shown = title.words;
      document.title = `${title.words} – Quire`;
    }
    if (title.words !== this.remembered && this.source.exists()) {
      this.remembered = title.words;
      rememberDocument(this.model.name, title.words);
    }
    this.model.setTitle(title);
    if (derived === null && title.isDerived) this.askForTitle();
  }

  /** The server reads front matter; it has the title soon after it has the text. */
  private askForTitle(): void {
    const version = this.source.storedVersion();
    if (version === null || version === this.askedAt) return;
    this.askedAt = version;
    for (const delay of ASKED_AFTER_MS) {
      window.setTimeout(() => {
        if (this.askedAt === version) void this.source.describe();
      }, delay);
    }
  }
}
