/** An invitation or a password reset: whoever has its link chooses a password, and is signed in. */

import { acceptInvitation, findInvitation, type FoundInvitation } from "../api/people";
import { attempt, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { Field, Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { DeadLink } from "./deadlink";

export const MIN_PASSWORD_CHARS = 10;
const LOGIN_PATTERN = "[A-Za-z0-9._@+\\-]{1,64}";

export function showJoinPage(app: HTMLElement, secret: string | null): Promise<void> {
  return mountPage(app, "Join", (store) => <JoinPage store={store} secret={secret} />);
}

interface JoinPageProps {
  readonly store: IdentityStore;
  readonly secret: string | null;
}

function JoinPage({ store, secret }: JoinPageProps) {
  const [found, setFound] = useState<FoundInvitation | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    if (secret === null) return;
    void attempt(async () => setFound(await findInvitation(secret))).then(setProblem);
  }, [secret]);
  if (secret === null) return <DeadLink store={store} title="This link is not complete" words={AGAIN} />;
  if (problem !== null) {
    return problem.status === 404 || problem.status === 410 ? (
      <DeadLink store={store} title="This invitation is no longer valid" words={GONE} />
    ) : (
      <Frame store={store} title="Not now" narrow>
        <Problem error={problem} />
      </Frame>
    );
  }
  if (found === null) return <Frame store={store} title="Looking at your invitation…" narrow />;
  return found.kind === "reset" ? (
    <ResetForm store={store} secret={secret} login={found.login} />
  ) : (
    <AccountForm store={store} secret={secret} operator={found.operator} />
  );
}

const AGAIN =
  "Open the whole link that you were sent. Its secret is not kept by this page, so it is also gone after a reload.";
const GONE =
  "An invitation works once, and for a limited time. Ask whoever sent it to you for another one.";

function AccountForm({ store, secret, operator }: JoinPageProps & { secret: string; operator: boolean }) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const guest = store.identity.value?.user?.name ?? "";
  return (
    <Frame
      store={store}
      title="Welcome to Quire"
      lead={
        operator
          ? "Choose how you sign in. You will be an operator: you invite the others."
          : "You are invited. Choose how you sign in from now on."
      }
      narrow
    >
      <Form
        label="Your account"
        onSubmit={async ({ name = "", login = "", password = "" }) => {
          setProblem(null);
          const account = { name: name.trim(), login: login.trim(), password };
          setProblem(await attempt(() => join(store, secret, account)));
        }}
      >
        <Field label="Your name" name="name" value={guest} autocomplete="name" maxLength={60} hint="As others see it." autofocus />
        <Field
          label="Login"
          name="login"
          autocomplete="username"
          maxLength={64}
          pattern={LOGIN_PATTERN}
          hint="Letters, digits and . _ @ + - are fine; your e-mail address, say."
        />
        <NewPassword />
        <Problem error={problem} />
        <button type="submit" class="button button-primary">
          Create account
        </button>
      </Form>
    </Frame>
  );
}

interface ResetFormProps {
  readonly store: IdentityStore;
  readonly secret: string;
  readonly login: string;
}

function ResetForm({ store, secret, login }: ResetFormProps) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  return (
    <Frame
      store={store}
      title="A new password"
      lead={`For ${login === "" ? "your account" : login}. Whoever is signed in with it elsewhere is signed out.`}
      narrow
    >
      <Form
        label="A new password"
        onSubmit={async ({ password = "" }) => {
          setProblem(null);
          setProblem(await attempt(() => join(store, secret, { password })));
        }}
      >
        <input type="text" name="username" autocomplete="username" value={login} hidden readOnly />
        <NewPassword autofocus />
        <Problem error={problem} />
        <button type="submit" class="button button-primary">
          Set password
        </button>
      </Form>
    </Frame>
  );
}

async function join(
  store: IdentityStore,
  secret: string,
  account: Parameters<typeof acceptInvitation>[1],
): Promise<void> {
  store.take(await acceptInvitation(secret, account));
  location.replace(basePath());
}

export function NewPassword({ autofocus = false }: { readonly autofocus?: boolean }) {
  return (
    <Field
      label="New password"
      name="password"
      type="password"
      autocomplete="new-password"
      minLength={MIN_PASSWORD_CHARS}
      maxLength={1000}
      hint={`At least ${MIN_PASSWORD_CHARS} characters. Several words are easy to keep in mind.`}
      autofocus={autofocus}
    />
  );
}
