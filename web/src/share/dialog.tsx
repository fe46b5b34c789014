/** The share dialog: who has access to a document, and the links to it. */

import type { Subject } from "../api/access";
import type { Identity } from "../api/session";
import { words } from "../language/language";
import type { Role, User } from "../protocol";
import { PersonName } from "../ui/avatar";
import { CopyField } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { Problem } from "../ui/form";
import { useEffect, useMemo, type ReadonlySignal } from "../vendor/preact";
import { LinkSection } from "./links";
import { ShareModel } from "./model";
import { PersonSearch } from "./personsearch";
import { RoleSelect } from "./roleselect";
import { accessWords, ownAccessWords } from "./words";

interface ShareDialogProps {
  readonly document: string;
  readonly title: string;
  /** The address of the document, for those who have access. */
  readonly address: string;
  readonly role: Role;
  readonly identity: Identity;
  /** Who is in the document, or was since the page was opened. */
  readonly met: ReadonlySignal<readonly User[]>;
  readonly onClose: () => void;
}

export function ShareDialog(props: ShareDialogProps) {
  const { title, address, role, onClose } = props;
  return (
    <Dialog title={words().share.title(title)} onClose={onClose}>
      {role === "owner" ? <OwnersPart {...props} /> : <p>{ownAccessWords(role)}</p>}
      <section class="dialog-section">
        <h3>{words().share.address}</h3>
        <CopyField label={words().share.addressOf} value={address} />
        <p class="hint">{words().share.addressHint}</p>
      </section>
    </Dialog>
  );
}

function OwnersPart({ document, identity, met: meeting }: ShareDialogProps) {
  const model = useMemo(() => new ShareModel(document), [document]);
  useEffect(() => void model.load(), [model]);
  const access = model.access.value;
  const met = meeting.value;
  const self = identity.user?.id ?? "";
  const problem = <Problem error={model.problem.value} />;
  if (access === null) return model.problem.value === null ? <p class="hint">{words().common.oneMoment}</p> : problem;
  const here = new Set([access.owner?.id ?? "", ...access.users.map(({ user }) => user.id)]);
  const note = (id: string): string => (id === self ? words().share.you : "");
  return (
    <>
      {problem}
      <section class="dialog-section">
        <h3>{words().share.people}</h3>
        <PersonSearch
          met={met}
          without={here}
          onChoose={({ id }) => void model.setAccess(`user:${id}`, "editor")}
        />
        <ul class="rows">
          {access.owner === null ? null : (
            <li class="entry">
              <PersonName user={known(access.owner, met)} note={note(access.owner.id)} />
              <span class="entry-note">{words().share.owner}</span>
            </li>
          )}
          {access.users.map(({ user: granted, role }) => {
            const user = known(granted, met);
            return (
            <li key={user.id} class="entry">
              <PersonName user={user} note={note(user.id)} />
              <RoleSelect
                label={words().share.roleOf(user.name)}
                role={role}
                none={words().share.remove}
                onChange={(chosen) => void model.setAccess(`user:${user.id}`, chosen)}
              />
            </li>
            );
          })}
        </ul>
      </section>
      <section class="dialog-section">
        <h3>{words().share.everybodyElse}</h3>
        <ul class="rows">
          <GeneralRow
            label={identity.mode === "open" ? words().share.everyoneHere : words().share.everyoneSignedIn}
            role={access.signedIn}
            subject="signed-in"
            model={model}
          />
          {identity.mode === "open" ? null : (
            <GeneralRow label={words().share.anyone} role={access.everyone} subject="everyone" model={model} />
          )}
        </ul>
        <p class="hint">{accessWords(access, identity.mode)}</p>
      </section>
      <LinkSection model={model} />
    </>
  );
}

/** The server keeps no names of guests: those who were met have one, the others only an id. */
function known(user: User, met: readonly User[]): User {
  if (user.name !== user.id) return user;
  return met.find(({ id }) => id === user.id) ?? { ...user, name: words().share.aGuest };
}

interface GeneralRowProps {
  readonly label: string;
  readonly role: Role | null;
  readonly subject: Subject;
  readonly model: ShareModel;
}

function GeneralRow({ label, role, subject, model }: GeneralRowProps) {
  return (
    <li class="entry">
      <span class="entry-main">{label}</span>
      <RoleSelect
        label={label}
        role={role}
        none={words().share.noAccess}
        onChange={(chosen) => void model.setAccess(subject, chosen)}
      />
    </li>
  );
}
