/** The dialogs of the document page about people. */

import type { Identity } from "../api/session";
import { SignInForm } from "../account/signin";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import type { Role, User } from "../protocol";
import { documentPage } from "../route";
import { ShareDialog } from "../share/dialog";
import { Dialog } from "../ui/dialog";
import type { ComponentChild, ReadonlySignal } from "../vendor/preact";

interface Shared {
  readonly name: string;
  readonly title: string;
  readonly role: Role;
  readonly met: ReadonlySignal<readonly User[]>;
}

export function shareDialog(identity: Identity, shared: Shared, close: () => void): ComponentChild {
  const { name, title, role, met } = shared;
  return (
    <ShareDialog
      document={name}
      title={title}
      address={location.origin + documentPage(basePath(), name)}
      role={role}
      identity={identity}
      met={met}
      onClose={close}
    />
  );
}

interface SignInActions {
  readonly close: () => void;
  readonly signedIn: () => void;
  readonly leave: () => void;
}

/** Sign in without leaving the page, so that what waits in it can be saved. */
export function signInDialog(
  store: IdentityStore,
  identity: Identity,
  actions: SignInActions,
): ComponentChild {
  return (
    <Dialog title={words().account.signIn} onClose={actions.close}>
      <SignInForm
        store={store}
        identity={identity}
        next={location.pathname}
        onLeave={actions.leave}
        onSignedIn={() => {
          actions.close();
          actions.signedIn();
        }}
      />
    </Dialog>
  );
}
