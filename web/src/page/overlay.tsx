/** The parts of the document page that are made of components: the user's menu and the dialogs. */

import type { Identity } from "../api/session";
import { SignInForm } from "../account/signin";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import type { Role, User } from "../protocol";
import { documentPage } from "../route";
import { ShareDialog } from "../share/dialog";
import { Dialog } from "../ui/dialog";
import { UserMenu } from "../ui/usermenu";
import { render, type ReadonlySignal } from "../vendor/preact";

interface MenuActions {
  readonly renamed: () => void;
  readonly leave: () => void;
}

export function showUserMenu(host: HTMLElement, store: IdentityStore, actions: MenuActions): void {
  render(<UserMenu store={store} onRenamed={actions.renamed} onLeave={actions.leave} />, host);
}

interface Shared {
  readonly name: string;
  readonly title: string;
  readonly role: Role;
  readonly met: ReadonlySignal<readonly User[]>;
}

export function showShareDialog(host: HTMLElement, identity: Identity, shared: Shared): void {
  const { name, title, role, met } = shared;
  render(
    <ShareDialog
      document={name}
      title={title}
      address={location.origin + documentPage(basePath(), name)}
      role={role}
      identity={identity}
      met={met}
      onClose={() => render(null, host)}
    />,
    host,
  );
}

interface SignInActions {
  readonly signedIn: () => void;
  readonly leave: () => void;
}

/** Sign in without leaving the page, so that what waits in it can be saved. */
export function showSignInDialog(
  host: HTMLElement,
  store: IdentityStore,
  identity: Identity,
  actions: SignInActions,
): void {
  const close = (): void => render(null, host);
  render(
    <Dialog title="Sign in" onClose={close}>
      <SignInForm
        store={store}
        identity={identity}
        next={location.pathname}
        onLeave={actions.leave}
        onSignedIn={() => {
          close();
          actions.signedIn();
        }}
      />
    </Dialog>,
    host,
  );
}
