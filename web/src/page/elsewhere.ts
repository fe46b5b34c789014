/** Other documents of which this device holds what is not saved: the bar that says so, and their sending. */

import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { rememberedUser } from "../memory";
import { documentPage } from "../route";
import { titleHere } from "../unsent/unsentlist";
import { UnsentWatch } from "../unsent/unsentwatch";
import { effect } from "../vendor/preact";
import type { BannerList } from "./bannerlist";
import { elsewhereNotice } from "./notice";

/**
 * Returns what ends it.
 *
 * @param name the document that this page has open
 * @param mayBegin whether this page's own edits are saved
 */
export function watchElsewhere(
  store: IdentityStore,
  name: string,
  banners: BannerList,
  mayBegin: () => boolean,
): () => void {
  const watch = new UnsentWatch(store, rememberedUser, name, mayBegin);
  let dismissed = "";
  effect(() => {
    const left = watch.shown.value;
    const seen = left.map(({ document }) => document).join("/");
    banners.set("elsewhere", seen === dismissed ? null : elsewhereNotice(left, titleHere, {
      open: (document) => location.assign(documentPage(basePath(), document)),
      dismiss: () => {
        dismissed = seen;
        banners.set("elsewhere", null);
      },
    }));
  });
  return watch.start();
}
