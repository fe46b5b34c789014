/** In place of a document that is not there, or not for whoever asks: both look the same. */

import { signOut } from "../api/session";
import { attempt } from "../api/request";
import { basePath } from "../base";
import { countUnsent, eraseDevice } from "../device/erase";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { signInPage } from "../route";
import { safeName } from "../safe";
import { Frame } from "../ui/frame";
import { render } from "../vendor/preact";

export function showRefused(app: HTMLElement, store: IdentityStore): void {
  document.title = `${words().account.refusedTitle} – Quire`;
  render(<Refused store={store} />, app);
}

function Refused({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  const here = signInPage(basePath(), location.pathname);
  const change = async (user: string): Promise<void> => {
    const count = await countUnsent(user);
    if (count > 0 && !window.confirm(words().saving.unsentAtSignOut(count))) return;
    // The next one at this device is not to find what this one has written.
    if ((await attempt(signOut)) === null) await eraseDevice(user);
    location.assign(here);
  };
  const lead = words().account.refusedLead;
  if (identity === null || identity.signIn.length === 0) {
    return (
      <Frame store={store} title={words().account.refused} lead={lead} narrow>
        <StartLink />
      </Frame>
    );
  }
  if (!identity.signedIn || identity.user === null) {
    return (
      <Frame store={store} title={words().account.refused} lead={`${lead} ${words().account.refusedSignIn}`} narrow>
        <div class="row">
          <a class="button button-primary" href={here}>
            {words().account.signIn}
          </a>
        </div>
      </Frame>
    );
  }
  const { id } = identity.user;
  return (
    <Frame store={store} title={words().account.refused} lead={lead} narrow>
      <p>
        {words().account.refusedAs} <strong>{safeName(identity.user.name)}</strong>. {words().account.refusedAsk}
      </p>
      <div class="row">
        <StartLink />
        <button type="button" class="button" onClick={() => void change(id)}>
          {words().account.anotherAccount}
        </button>
      </div>
    </Frame>
  );
}

function StartLink() {
  return (
    <a class="button" href={basePath()}>
      {words().account.toStart}
    </a>
  );
}
