/** The account: the name, the password, and where one is signed in. */

import { attempt, type ApiError } from "../api/request";
import {
  changePassword,
  endSession,
  listSessions,
  signOut,
  signOutEverywhere,
  type Identity,
  type WebSession,
} from "../api/session";
import { basePath } from "../base";
import { countUnsent, eraseDevice } from "../device/erase";
import { relativeTime } from "../dom";
import { words } from "../language/language";
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
  return mountPage(app, () => words().account.account, (store) => <AccountPage store={store} />);
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
    <Frame store={store} title={words().account.account} lead={kindWords(identity)}>
      {isAccount || identity.kind === "guest" ? (
        <NameSection store={store} name={identity.user.name} />
      ) : (
        <Card title={words().user.yourName}>
          <p>{identity.user.name}</p>
          <p class="hint">{words().account.nameElsewhere}</p>
        </Card>
      )}
      {isAccount ? <PasswordSection login={identity.user.name} /> : null}
      {isSession ? <SessionsSection user={identity.user.id} /> : null}
      {identity.kind === "guest" && identity.signIn.length > 0 ? (
        <Card title={words().account.youAreGuest}>
          <p>{words().account.whyAccount}</p>
          <a class="button button-primary" href={signInPage(basePath(), basePath())}>
            {words().user.signIn}
          </a>
        </Card>
      ) : null}
    </Frame>
  );
}

function kindWords({ kind, operator }: Identity): string {
  if (kind === "guest") return words().account.guestLead;
  return operator ? words().account.operatorLead : "";
}

function SignedOut({ store, identity }: { readonly store: IdentityStore; readonly identity: Identity }) {
  return (
    <Frame store={store} title={words().account.notSignedIn} narrow>
      {identity.signIn.length === 0 ? null : (
        <a class="button button-primary" href={signInPage(basePath(), `${basePath()}account`)}>
          {words().user.signIn}
        </a>
      )}
    </Frame>
  );
}

function NameSection({ store, name }: { readonly store: IdentityStore; readonly name: string }) {
  const [problem, setProblem] = useState<ApiError | string | null>(null);
  const [done, setDone] = useState("");
  return (
    <Card title={words().user.yourName}>
      <Form
        label={words().user.yourName}
        onSubmit={async (fields) => {
          const chosen = userNameFrom(fields["name"] ?? "");
          setDone("");
          if (chosen === null) return setProblem(words().user.nameRule);
          const error = await attempt(() => store.rename(chosen));
          setProblem(error);
          if (error === null) setDone(words().account.nameChanged);
        }}
      >
        <Field label={words().account.asOthersSee} name="name" value={name} autocomplete="name" maxLength={60} />
        <Problem error={problem} />
        {done === "" ? null : <Done words={done} />}
        <button type="submit" class="button">
          {words().user.save}
        </button>
      </Form>
    </Card>
  );
}

function PasswordSection({ login }: { readonly login: string }) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [done, setDone] = useState(false);
  return (
    <Card title={words().account.password}>
      <Form
        label={words().account.password}
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
          label={words().account.currentPassword}
          name="current"
          type="password"
          autocomplete="current-password"
          maxLength={1000}
        />
        <NewPassword />
        <Problem error={problem} />
        {done ? <Done words={words().account.passwordChanged} /> : null}
        <button type="submit" class="button">
          {words().account.changePassword}
        </button>
      </Form>
    </Card>
  );
}

function SessionsSection({ user }: { readonly user: string }) {
  const [sessions, setSessions] = useState<readonly WebSession[] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const load = async (): Promise<void> => setSessions(await listSessions());
  useEffect(() => void attempt(load).then(setProblem), []);
  const end = async (id: string): Promise<void> => {
    setProblem(
      await attempt(async () => {
        await endSession(id);
        await load();
      }),
    );
  };
  const leave = async (action: () => Promise<void>): Promise<void> => {
    const count = await countUnsent(user);
    const { unsentAtSignOut } = words().saving;
    if (count > 0 && !window.confirm(unsentAtSignOut(count))) return;
    const error = await attempt(action);
    setProblem(error);
    // The next one at this device is not to find what this one has written.
    if (error === null) await eraseDevice(user);
    if (error === null) location.assign(signInPage(basePath(), basePath()));
  };
  const now = Date.now();
  return (
    <Card title={words().account.sessions}>
      <ul class="rows">
        {(sessions ?? []).map((session) => (
          <li key={session.id} class="entry">
            <span class="entry-main">
              {browserName(session.agent)}
              {session.current ? <span class="tag">{words().account.thisOne}</span> : null}
              <span class="entry-note">
                {" "}
                · {session.address} · {relativeTime(session.seenAt, now)}
              </span>
            </span>
            {session.current ? null : (
              <button
                type="button"
                class="button button-small"
                aria-label={words().account.endSession(browserName(session.agent))}
                onClick={() => void end(session.id)}
              >
                {words().account.signOut}
              </button>
            )}
          </li>
        ))}
      </ul>
      {sessions === null && problem === null ? <p class="hint">{words().common.oneMoment}</p> : null}
      <Problem error={problem} />
      <div class="row">
        <button type="button" class="button" onClick={() => void leave(signOut)}>
          {words().account.signOutHere}
        </button>
        <button type="button" class="button button-danger" onClick={() => void leave(signOutEverywhere)}>
          {words().account.signOutEverywhere}
        </button>
      </div>
    </Card>
  );
}
