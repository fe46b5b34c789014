/** The sign-in page, and its form, which the document page shows in a dialog. */

import type { ApiError } from "../api/request";
import { attempt } from "../api/request";
import type { Identity } from "../api/session";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { nextPage, providerSignIn } from "../route";
import { Field, Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useState } from "../vendor/preact";

export function showSignInPage(app: HTMLElement): Promise<void> {
  return mountPage(app, () => words().account.signIn, (store) => <SignInPage store={store} />);
}

function SignInPage({ store }: { readonly store: IdentityStore }) {
  const next = nextPage(location.search, basePath());
  const identity = store.identity.value;
  if (identity === null) return null;
  const failed = new URLSearchParams(location.search).get("error");
  if (identity.signedIn && identity.user !== null) {
    return (
      <Frame store={store} title={words().account.signedInAs(identity.user.name)} lead={words().account.signedIn} narrow>
        <a class="button button-primary" href={next}>
          {words().account.goOn}
        </a>
      </Frame>
    );
  }
  if (identity.signIn.length === 0) {
    return (
      <Frame
        store={store}
        title={words().account.noSignIn}
        lead={words().account.noSignInLead}
        narrow
      />
    );
  }
  return (
    <Frame store={store} title={words().account.signIn} narrow>
      {failed === null ? null : <Problem error={providerProblem(failed)} />}
      <SignInForm
        store={store}
        identity={identity}
        next={next}
        onSignedIn={() => location.replace(next)}
      />
    </Frame>
  );
}

/** The reasons with which the server comes back from the provider. */
function providerProblem(reason: string): string {
  const known = words().account.providerProblems;
  return Object.hasOwn(known, reason) ? known[reason as keyof typeof known] : known.other;
}

interface SignInFormProps {
  readonly store: IdentityStore;
  readonly identity: Identity;
  /** The path to come back to from the provider. */
  readonly next: string;
  readonly onSignedIn: (identity: Identity) => void;
  /** The user goes to the provider. */
  readonly onLeave?: () => void;
}

export function SignInForm({ store, identity, next, onSignedIn, onLeave }: SignInFormProps) {
  const withPassword = identity.signIn.includes("password");
  const withProvider = identity.signIn.includes("oidc");
  return (
    <>
      {withProvider ? (
        <a
          class="button button-primary button-wide"
          href={providerSignIn(basePath(), next)}
          onClick={() => onLeave?.()}
        >
          {identity.providerLabel === "" ? words().account.withOrganisation : identity.providerLabel}
        </a>
      ) : null}
      {withProvider && withPassword ? <p class="divider">{words().account.or}</p> : null}
      {withPassword ? <PasswordForm store={store} onSignedIn={onSignedIn} /> : null}
    </>
  );
}

function PasswordForm({ store, onSignedIn }: Pick<SignInFormProps, "store" | "onSignedIn">) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  return (
    <Form
      label={words().account.signIn}
      onSubmit={async ({ login = "", password = "" }, form) => {
        setProblem(null);
        const error = await attempt(async () =>
          onSignedIn(await store.signIn(login.trim(), password)),
        );
        setProblem(error);
        if (error === null) return;
        const field = form.elements.namedItem("password");
        if (field instanceof HTMLInputElement) {
          field.focus();
          field.select();
        }
      }}
    >
      <Field label={words().account.login} name="login" autocomplete="username" autofocus />
      <Field label={words().account.password} name="password" type="password" autocomplete="current-password" maxLength={1000} />
      <Problem error={problem} />
      <button type="submit" class="button button-primary">
        {words().account.signIn}
      </button>
      <p class="hint">{words().account.forgotten}</p>
    </Form>
  );
}
