/** The account: the name, the password, and where one is signed in. */

import { attempt, type ApiError } from "../api/request";
import {
  changePassword,
  listSessions,
  signOut,
  signOutEverywhere,
  type Identity,
  type WebSession,
} from "../api/session";
import { basePath } from "../base";
import { relativeTime } from "../dom";
import type { IdentityStore } from "../identity/identity";
import { userNameFrom } from "../names";
import { signInPage } from "../route";
import { Card } from "../ui/card";
import { Done, Field, Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { browserName } from "./agent";
import { NewPassword } from "./join";

export function showAccountPage(app: HTMLElement): Promise<void> {
  return mountPage(app, "Account", (store) => <AccountPage store={store} />);
}

function AccountPage({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  if (identity === null) return null;
  if (identity.user === null || (!identity.signedIn && identity.kind !== "guest")) {
    return <SignedOut store={store} identity={identity} />;
  }
  const isAccount = identity.kind === "account";
  const isSession = isAccount || identity.kind === "oidc";
  return (
    <Frame store={store} title="Account" lead={kindWords(identity)}>
      {isAccount || identity.kind === "guest" ? (
        <NameSection store={store} name={identity.user.name} />
      ) : (
        <Card title="Your name">
          <p>{identity.user.name}</p>
          <p class="hint">It comes from where you sign in, and is changed there.</p>
        </Card>
      )}
      {isAccount ? <PasswordSection login={identity.user.name} /> : null}
      {isSession ? <SessionsSection /> : null}
      {identity.kind === "guest" && identity.signIn.length > 0 ? (
        <Card title="You are a guest">
          <p>With an account, what was shared with you is there on every device.</p>
          <a class="button button-primary" href={signInPage(basePath(), basePath())}>
            Sign in
          </a>
        </Card>
      ) : null}
    </Frame>
  );
}

function kindWords({ kind, operator }: Identity): string {
  if (kind === "guest") return "You are a guest: this browser knows you, and no other does.";
  return operator ? "You are an operator of this server." : "";
}

function SignedOut({ store, identity }: { readonly store: IdentityStore; readonly identity: Identity }) {
  return (
    <Frame store={store} title="You are not signed in" narrow>
      {identity.signIn.length === 0 ? null : (
        <a class="button button-primary" href={signInPage(basePath(), `${basePath()}account`)}>
          Sign in
        </a>
      )}
    </Frame>
  );
}

function NameSection({ store, name }: { readonly store: IdentityStore; readonly name: string }) {
  const [problem, setProblem] = useState<ApiError | string | null>(null);
  const [done, setDone] = useState("");
  return (
    <Card title="Your name">
      <Form
        label="Your name"
        onSubmit={async (fields) => {
          const chosen = userNameFrom(fields["name"] ?? "");
          setDone("");
          if (chosen === null) return setProblem("A name has at least one letter.");
          const error = await attempt(() => store.rename(chosen));
          setProblem(error);
          if (error === null) setDone("Your name is changed. What you wrote before keeps the old one.");
        }}
      >
        <Field label="As others see it" name="name" value={name} autocomplete="name" maxLength={60} />
        <Problem error={problem} />
        {done === "" ? null : <Done words={done} />}
        <button type="submit" class="button">
          Save
        </button>
      </Form>
    </Card>
  );
}

function PasswordSection({ login }: { readonly login: string }) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [done, setDone] = useState(false);
  return (
    <Card title="Password">
      <Form
        label="Password"
        onSubmit={async ({ current = "", password = "" }, form) => {
          setDone(false);
          const error = await attempt(() => changePassword(current, password));
          setProblem(error);
          setDone(error === null);
          if (error === null) form.reset();
        }}
      >
        <input type="text" name="username" autocomplete="username" value={login} hidden readOnly />
        <Field
          label="Current password"
          name="current"
          type="password"
          autocomplete="current-password"
          maxLength={1000}
        />
        <NewPassword />
        <Problem error={problem} />
        {done ? <Done words="Your password is changed. Other devices are signed out." /> : null}
        <button type="submit" class="button">
          Change password
        </button>
      </Form>
    </Card>
  );
}

function SessionsSection() {
  const [sessions, setSessions] = useState<readonly WebSession[] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    void attempt(async () => setSessions(await listSessions())).then(setProblem);
  }, []);
  const leave = async (action: () => Promise<void>): Promise<void> => {
    const error = await attempt(action);
    setProblem(error);
    if (error === null) location.assign(signInPage(basePath(), basePath()));
  };
  const now = Date.now();
  return (
    <Card title="Where you are signed in">
      <ul class="rows">
        {(sessions ?? []).map((session) => (
          <li key={session.id} class="entry">
            <span>
              {browserName(session.agent)}
              {session.current ? <span class="tag">this one</span> : null}
            </span>
            <span class="entry-note">
              {session.address} · {relativeTime(session.seenAt, now)}
            </span>
          </li>
        ))}
      </ul>
      {sessions === null && problem === null ? <p class="hint">One moment…</p> : null}
      <Problem error={problem} />
      <div class="row">
        <button type="button" class="button" onClick={() => void leave(signOut)}>
          Sign out here
        </button>
        <button type="button" class="button button-danger" onClick={() => void leave(signOutEverywhere)}>
          Sign out everywhere
        </button>
      </div>
    </Card>
  );
}
