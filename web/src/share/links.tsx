/** The share links of a document: made, copied, revoked. */

import type { ShareLink } from "../api/access";
import type { Role } from "../protocol";
import { longTime } from "../dom";
import { CopyField } from "../ui/copy";
import { Form } from "../ui/form";
import { useState } from "../vendor/preact";
import type { ShareModel } from "./model";
import { RoleSelect } from "./roleselect";
import { EXPIRIES, ROLE_WORDS, expiryAt, untilWords } from "./words";

export function LinkSection({ model }: { readonly model: ShareModel }) {
  const [role, setRole] = useState<Role>("viewer");
  const made = model.made.value;
  const create = (expiry: string): Promise<void> =>
    model.createLink(role, expiryAt(EXPIRIES[Number(expiry)]?.[1] ?? null, Date.now()));
  return (
    <section class="dialog-section">
      <h3>Links</h3>
      <Form class="row link-form" label="A new link" onSubmit={({ expiry = "0" }) => create(expiry)}>
        <RoleSelect
          label="Whoever has the link"
          role={role}
          onChange={(chosen) => setRole(chosen ?? "viewer")}
        />
        <select class="select" name="expiry" aria-label="How long the link works">
          {EXPIRIES.map(([words], index) => (
            <option key={words} value={String(index)}>
              {words}
            </option>
          ))}
        </select>
        <button type="submit" class="button button-primary">
          Create link
        </button>
      </Form>
      {made?.url == null ? null : (
        <div class="made">
          <p>
            Whoever has this link {doing(made.role)}. It is shown only now.
          </p>
          <CopyField key={made.id} label="Share link" value={made.url} focus />
        </div>
      )}
      {model.links.value.length === 0 ? (
        <p class="hint">There are no links. A link works for people without an account, too.</p>
      ) : (
        <ul class="rows">
          {model.links.value.map((link) => (
            <LinkRow key={link.id} link={link} isNew={link.id === made?.id} model={model} />
          ))}
        </ul>
      )}
    </section>
  );
}

const doing = (role: Role): string => ROLE_WORDS[role].toLowerCase();

interface LinkRowProps {
  readonly link: ShareLink;
  readonly isNew: boolean;
  readonly model: ShareModel;
}

function LinkRow({ link, isNew, model }: LinkRowProps) {
  const now = Date.now();
  const over = link.expiresAt !== null && link.expiresAt <= now;
  return (
    <li class={over ? "entry entry-off" : "entry"}>
      <span class="entry-main">
        {ROLE_WORDS[link.role]}
        {isNew ? <span class="tag">new</span> : null}
        <span class="entry-note">
          {" "}
          · <span title={`Made ${longTime(link.createdAt)}`}>{untilWords(link.expiresAt, now)}</span>
        </span>
      </span>
      <button type="button" class="button button-small" onClick={() => void model.revokeLink(link.id)}>
        {over ? "Remove" : "Revoke"}
      </button>
    </li>
  );
}
