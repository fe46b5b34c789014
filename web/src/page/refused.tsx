/** In place of a document that is not there, or not for whoever asks: both look the same. */

import { signOut } from "../api/session";
import { attempt } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { signInPage } from "../route";
import { safeName } from "../safe";
import { Frame } from "../ui/frame";
import { render } from "../vendor/preact";

export function showRefused(app: HTMLElement, store: IdentityStore): void {
  document.title = "Not here – Quire";
  render(<Refused store={store} />, app);
}

function Refused({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  const here = signInPage(basePath(), location.pathname);
  const change = async (): Promise<void> => {
    await attempt(signOut);
    location.assign(here);
  };
  const lead = "There is no document at this address, or it is not shared with you.";
  if (identity === null || identity.signIn.length === 0) {
    return (
      <Frame store={store} title="Nothing here for you" lead={lead} narrow>
        <StartLink />
      </Frame>
    );
  }
  if (!identity.signedIn || identity.user === null) {
    return (
      <Frame store={store} title="Nothing here for you" lead={`${lead} If it is, sign in to open it.`} narrow>
        <div class="row">
          <a class="button button-primary" href={here}>
            Sign in
          </a>
        </div>
      </Frame>
    );
  }
  return (
    <Frame store={store} title="Nothing here for you" lead={lead} narrow>
      <p>
        You are signed in as <strong>{safeName(identity.user.name)}</strong>. If somebody sent you
        here, ask them to share it with you.
      </p>
      <div class="row">
        <StartLink />
        <button type="button" class="button" onClick={() => void change()}>
          Use another account
        </button>
      </div>
    </Frame>
  );
}

function StartLink() {
  return (
    <a class="button" href={basePath()}>
      To the start page
    </a>
  );
}
