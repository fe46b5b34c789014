/** The thin bars under the header that say what is wrong and what one can do; never over the text. Pure. */

import { computed, signal, type ReadonlySignal } from "../vendor/preact";

export interface BannerAction {
  readonly label: string;
  readonly run: () => void;
}

export interface BannerContent {
  readonly tone: "neutral" | "warning" | "error";
  readonly words: string;
  readonly actions: readonly BannerAction[];
}

export interface Banner extends BannerContent {
  readonly name: string;
}

interface Made {
  readonly name: string;
  readonly content: BannerContent | (() => BannerContent);
}

export class BannerList {
  private readonly list = signal<readonly Made[]>([]);

  /** Those that are shown, in the order in which they came. */
  readonly shown: ReadonlySignal<readonly Banner[]> = computed(() =>
    this.list.value.map(({ name, content }) => ({ ...(typeof content === "function" ? content() : content), name })),
  );

  /**
   * Show `content` as the banner called `name`, or take it away (null).
   *
   * @param content a function where nobody sets it anew in another language
   */
  set(name: string, content: BannerContent | (() => BannerContent) | null): void {
    // Whoever sets a banner in an effect does not ask to be run again with each of them.
    const value = this.list.peek();
    if (content === null) {
      if (value.some((banner) => banner.name === name)) {
        this.list.value = value.filter((banner) => banner.name !== name);
      }
      return;
    }
    const made = { name, content };
    this.list.value = value.some((banner) => banner.name === name)
      ? value.map((banner) => (banner.name === name ? made : banner))
      : [...value, made];
  }
}
