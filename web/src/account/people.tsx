/** For operators: the users of this server, and invitations to it. */

import {
  changePerson,
  createInvitation,
  listInvitations,
  listPeople,
  revokeInvitation,
  type Invitation,
  type Person,
} from "../api/people";
import { attempt, type ApiError } from "../api/request";
import { relativeTime } from "../dom";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { untilWords } from "../share/words";
import { PersonName } from "../ui/avatar";
import { Card } from "../ui/card";
import { CopyField } from "../ui/copy";
import { Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";

const INVITATION_DAYS = 7;

export function showPeoplePage(app: HTMLElement): Promise<void> {
  return mountPage(app, () => words().account.people, (store) => <PeoplePage store={store} />);
}

function PeoplePage({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  if (identity === null) return null;
  if (!identity.operator) {
    return <Frame store={store} title={words().account.operatorsOnly} lead={words().account.operatorsOnlyLead} narrow />;
  }
  return (
    <Frame store={store} title={words().account.people} lead={words().account.peopleLead}>
      {identity.mode === "accounts" ? <InvitationsSection /> : null}
      <UsersSection self={identity.user?.id ?? ""} />
    </Frame>
  );
}

function InvitationsSection() {
  const [open, setOpen] = useState<readonly Invitation[]>([]);
  const [made, setMade] = useState<Invitation | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const load = async (): Promise<void> => {
    setProblem(await attempt(async () => setOpen(await listInvitations())));
  };
  useEffect(() => void load(), []);
  const invite = async (operator: boolean): Promise<void> => {
    const error = await attempt(async () => setMade(await createInvitation(operator, INVITATION_DAYS)));
    setProblem(error);
    if (error === null) await load();
  };
  const revoke = async ({ id }: Invitation): Promise<void> => {
    const error = await attempt(() => revokeInvitation(id));
    setProblem(error);
    if (made?.id === id) setMade(null);
    if (error === null) await load();
  };
  const now = Date.now();
  return (
    <Card title={words().account.invitations}>
      <Form class="row" label={words().account.invite} onSubmit={(fields) => invite(fields["operator"] === "on")}>
        <button type="submit" class="button button-primary">
          {words().account.invite}
        </button>
        <label class="check">
          <input type="checkbox" name="operator" /> {words().account.asOperator}
        </label>
      </Form>
      {made?.url == null ? null : (
        <div class="made">
          <p>{words().account.invitationMade(INVITATION_DAYS)}</p>
          <CopyField key={made.id} label={words().account.invitationLink} value={made.url} focus />
        </div>
      )}
      <Problem error={problem} />
      {open.length === 0 ? (
        <p class="hint">{words().account.nobodyInvited}</p>
      ) : (
        <ul class="rows">
          {open.map((invitation) => (
            <li key={invitation.id} class="entry">
              <span class="entry-main">
                {words().account.kinds[invitation.kind === "reset" ? "reset" : invitation.operator ? "operator" : "user"]}
                <span class="entry-note"> · {untilWords(invitation.expiresAt, now)}</span>
              </span>
              <button type="button" class="button button-small" onClick={() => void revoke(invitation)}>
                {words().account.revoke}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function UsersSection({ self }: { readonly self: string }) {
  const [people, setPeople] = useState<readonly Person[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const load = async (after: string | null): Promise<void> => {
    const error = await attempt(async () => {
      const page = await listPeople(after);
      setPeople((before) => [...(after === null ? [] : before), ...page.people]);
      setNext(page.next);
    });
    setProblem(error);
  };
  useEffect(() => void load(null), []);
  const change = async (
    { user }: Person,
    wanted: { readonly operator?: boolean; readonly disabled?: boolean },
  ): Promise<void> => {
    const error = await attempt(() => changePerson(user.id, wanted));
    setProblem(error);
    if (error !== null) return;
    // In place: who has asked for more pages keeps them.
    setPeople((before) => before.map((each) => (each.user.id === user.id ? { ...each, ...wanted } : each)));
  };
  return (
    <Card title={words().account.users}>
      <Problem error={problem} />
      <ul class="rows">
        {people.map((person) => (
          <li key={person.user.id} class={person.disabled ? "entry entry-off" : "entry"}>
            <PersonName user={person.user} note={personNote(person, self)} />
            {person.user.id === self ? null : (
              <span class="row">
                <button
                  type="button"
                  class="button button-small"
                  onClick={() => void change(person, { operator: !person.operator })}
                >
                  {person.operator ? words().account.noLongerOperator : words().account.makeOperator}
                </button>
                <button
                  type="button"
                  class="button button-small"
                  onClick={() => void change(person, { disabled: !person.disabled })}
                >
                  {person.disabled ? words().account.letIn : words().account.lockOut}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {next === null ? null : (
        <button type="button" class="button" onClick={() => void load(next)}>
          {words().account.morePeople}
        </button>
      )}
    </Card>
  );
}

function personNote({ user, login, operator, disabled, createdAt }: Person, self: string): string {
  const parts = [
    user.id === self ? words().account.you : "",
    login,
    operator ? words().account.operator : "",
    disabled ? words().account.lockedOut : "",
    createdAt === 0 ? "" : words().account.joined(relativeTime(createdAt, Date.now())),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
