/** The bar that says that a document is almost full, before anything is refused. */

import { locale, words } from "../language/language";
import { computed, effect } from "../vendor/preact";
import type { DocumentModel } from "./model";
import { isAlmostFull } from "./textcounts";

/** Show it while there is hardly room; dismissed, it comes again once there was room in between. */
export function watchSize(model: DocumentModel): void {
  // It says the limit alone: who listens is not told of every character.
  const isFull = computed(
    () => model.isWritable.value && isAlmostFull(model.counts.value?.chars ?? 0, model.maxChars.value),
  );
  effect(() => {
    const { saving, common } = words();
    const limit = (model.maxChars.value ?? 0).toLocaleString(locale());
    const dismiss = { label: common.dismiss, run: () => model.banners.set("size", null) };
    model.banners.set(
      "size",
      isFull.value ? { tone: "warning", words: saving.almostFull(limit), actions: [dismiss] } : null,
    );
  });
}
