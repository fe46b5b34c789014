/** What is kept on this device of documents that are not open, with the way to each. */

import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { recentDocuments, rememberedUser } from "../memory";
import { documentPage } from "../route";
import { Icon } from "../ui/icon";
import { useEffect, useMemo } from "../vendor/preact";
import type { ShownLeftover } from "./sendingplan";
import { UnsentWatch } from "./unsentwatch";

export function UnsentList({ store }: { readonly store: IdentityStore }) {
  const watch = useMemo(() => new UnsentWatch(store, rememberedUser), [store]);
  const identity = store.identity.value;
  useEffect(() => watch.start(), [watch, identity]);
  const left = watch.shown.value;
  const { saving } = words();
  return (
    <div role="status">
      {left.length === 0 ? null : (
        <section class="unsent" aria-label={saving.unsentTitle}>
          <h2 class="unsent-title">
            <Icon name="upload" size={16} />
            {saving.unsentTitle}
          </h2>
          <ul>
            {left.map((one) => (
              <Left key={one.document} left={one} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Left({ left: { document, edits, texts, isStuck } }: { readonly left: ShownLeftover }) {
  const { saving } = words();
  const link = (
    <a href={documentPage(basePath(), document)} dir="auto">
      {titleHere(document)}
    </a>
  );
  return (
    <li>
      {edits === 0 ? null : <>{saving.unsentEdits(edits)} {link}. </>}
      {texts === 0 ? null : <>{saving.unsentTexts(texts)} {link}. </>}
      <span class="hint">{isStuck || edits === 0 ? saving.unsentStuck : saving.unsentGoes}</span>
    </li>
  );
}

/** The title that this browser remembers; the server may not be there to ask. */
export const titleHere = (name: string): string =>
  recentDocuments().find((document) => document.name === name)?.title || name;
