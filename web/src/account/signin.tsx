/** The sign-in page, and its form, which the document page shows in a dialog. */

import type { ApiError } from "../api/request";
import { attempt } from "../api/request";
import type { Identity } from "../api/session";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { nextPage, providerSignIn } from "../route";
import { Field, Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useState } from "../vendor/preact";

export function showSignInPage(app: HTMLElement): Promise<void> {
  return mountPage(app, "Sign in", (store) => <SignInPage store={store} />);
}

function SignInPage({ store }: { readonly store: IdentityStore }) {
  const next = nextPage(location.search, basePath());
  const identity = store.identity.value;
  if (identity === null) return null;
  const failed = new URLSearchParams(location.search).get("error");
  if (identity.signedIn && identity.user !== null) {
    return (
      <Frame store={store} title={`You are ${identity.user.name}`} lead="You are signed in." narrow>
        <a class="button button-primary" href={next}>
          Continue
        </a>
      </Frame>
    );
  }
  if (identity.signIn.length === 0) {
    return (
      <Frame
        store={store}
        title="No sign-in here"
        lead="This server lets in whoever the application that embeds it has signed in."
        narrow
      />
    );
  }
  return (
    <Frame store={store} title="Sign in" narrow>
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
const PROVIDER_PROBLEMS: Readonly<Record<string, string>> = {
  denied: "The sign-in was cancelled.",
  expired: "That took too long, or began in another browser. Try again.",
  unavailable: "Where you sign in does not answer at the moment. Try again later.",
  disabled: "Your account here is locked. Ask whoever runs this server.",
};

const providerProblem = (reason: string): string =>
  PROVIDER_PROBLEMS[reason] ?? "The sign-in did not work. Try again, or ask whoever runs this server.";

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
          {identity.providerLabel === "" ? "Sign in with your organisation" : identity.providerLabel}
        </a>
      ) : null}
      {withProvider && withPassword ? <p class="divider">or</p> : null}
      {withPassword ? <PasswordForm store={store} onSignedIn={onSignedIn} /> : null}
    </>
  );
}

function PasswordForm({ store, onSignedIn }: Pick<SignInFormProps, "store" | "onSignedIn">) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  return (
    <Form
      label="Sign in"
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
      <Field label="Login" name="login" autocomplete="username" autofocus />
      <Field label="Password" name="password" type="password" autocomplete="current-password" maxLength={1000} />
      <Problem error={problem} />
      <button type="submit" class="button button-primary">
        Sign in
      </button>
      <p class="hint">Forgotten? Whoever runs this server can send you a link for a new one.</p>
    </Form>
  );
}
