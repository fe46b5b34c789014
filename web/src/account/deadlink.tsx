/** A link that leads nowhere (any more), kindly. */

import { basePath } from "../base";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { signInPage } from "../route";
import { Frame } from "../ui/frame";

interface DeadLinkProps {
  readonly store: IdentityStore;
  readonly title: string;
  readonly lead: string;
}

export function DeadLink({ store, title, lead }: DeadLinkProps) {
  const identity = store.identity.value;
  const maySignIn = identity !== null && !identity.signedIn && identity.signIn.length > 0;
  const hasPages = identity !== null && (isSomebody(identity) || identity.signedIn);
  return (
    <Frame store={store} title={title} lead={lead} narrow>
      <div class="row">
        {maySignIn ? (
          <a class="button button-primary" href={signInPage(basePath(), basePath())}>
            {words().user.signIn}
          </a>
        ) : null}
        {hasPages ? (
          <a class="button" href={basePath()}>
            {words().account.toStart}
          </a>
        ) : null}
      </div>
    </Frame>
  );
}
