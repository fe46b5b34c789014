/** An invitation or a password reset: whoever has its link chooses a password, and is signed in. */

import { acceptInvitation, findInvitation, type FoundInvitation } from "../api/people";
import { attempt, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { Field, Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { DeadLink } from "./deadlink";

export const MIN_PASSWORD_CHARS = 10;
const LOGIN_PATTERN = "[A-Za-z0-9._@+\\-]{1,64}";

export function showJoinPage(app: HTMLElement, secret: string | null): Promise<void> {
  return mountPage(app, () => words().account.join, (store) => <JoinPage store={store} secret={secret} />);
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
  if (secret === null) return <DeadLink store={store} title={words().account.incompleteLink} lead={words().account.incompleteInvitation} />;
  if (problem !== null) {
    return problem.status === 404 || problem.status === 410 ? (
      <DeadLink store={store} title={words().account.invitationGone} lead={words().account.invitationGoneLead} />
    ) : (
      <Frame store={store} title={words().common.notNow} narrow>
        <Problem error={problem} />
      </Frame>
    );
  }
  if (found === null) return <Frame store={store} title={words().account.findingInvitation} narrow />;
  return found.kind === "reset" ? (
    <ResetForm store={store} secret={secret} login={found.login} />
  ) : (
    <AccountForm store={store} secret={secret} operator={found.operator} />
  );
}

function AccountForm({ store, secret, operator }: JoinPageProps & { secret: string; operator: boolean }) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const guest = store.identity.value?.user?.name ?? "";
  return (
    <Frame
      store={store}
      title={words().account.welcome}
      lead={
        operator
          ? words().account.welcomeOperator
          : words().account.welcomeUser
      }
      narrow
    >
      <Form
        label={words().account.yourAccount}
        onSubmit={async ({ name = "", login = "", password = "" }) => {
          setProblem(null);
          const account = { name: name.trim(), login: login.trim(), password };
          setProblem(await attempt(() => join(store, secret, account)));
        }}
      >
        <Field
          label={words().user.yourName}
          name="name"
          value={guest}
          autocomplete="name"
          maxLength={60}
          hint={words().account.asOthersSeeIt}
          autofocus
        />
        <Field
          label={words().account.login}
          name="login"
          autocomplete="username"
          maxLength={64}
          pattern={LOGIN_PATTERN}
          hint={words().account.loginHint}
        />
        <NewPassword />
        <Problem error={problem} />
        <button type="submit" class="button button-primary">
          {words().account.createAccount}
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
      title={words().account.resetTitle}
      lead={words().account.resetLead(login)}
      narrow
    >
      <Form
        label={words().account.resetTitle}
        onSubmit={async ({ password = "" }) => {
          setProblem(null);
          setProblem(await attempt(() => join(store, secret, { password })));
        }}
      >
        <input type="text" name="username" autocomplete="username" value={login} hidden readOnly />
        <NewPassword autofocus />
        <Problem error={problem} />
        <button type="submit" class="button button-primary">
          {words().account.setPassword}
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
      label={words().account.newPassword}
      name="password"
      type="password"
      autocomplete="new-password"
      minLength={MIN_PASSWORD_CHARS}
      maxLength={1000}
      hint={words().account.passwordHint(MIN_PASSWORD_CHARS)}
      autofocus={autofocus}
    />
  );
}
