/** The save state in words, and the same for those who listen: there only what lasts. */

import type { SaveState } from "../savestate";
import { useEffect, useState, type ReadonlySignal } from "../vendor/preact";

const SPOKEN_AFTER_MS = 1_000;

export function SaveWords({ save }: { readonly save: ReadonlySignal<SaveState> }) {
  const { kind, words } = save.value;
  const [said, setSaid] = useState<SaveState>({ kind: "saving", words: "" });
  useEffect(() => {
    const timer = window.setTimeout(() => {
      if (kind !== "saving" && kind !== said.kind) setSaid({ kind, words });
    }, SPOKEN_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [kind, words, said.kind]);
  return (
    <span class="save" data-kind={kind}>
      {/* The visible words change whenever one begins to type; read aloud, that would be noise. */}
      <span id="save-state" class="save-words" aria-hidden="true">
        {words}
      </span>
      <span class="visually-hidden" role="status" aria-live="polite">
        {said.words}
      </span>
    </span>
  );
}
