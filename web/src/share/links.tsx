/** The share links of a document: made, copied, revoked. */

import type { ShareLink } from "../api/access";
import { words } from "../language/language";
import type { Role } from "../protocol";
import { longTime } from "../dom";
import { CopyField } from "../ui/copy";
import { Form } from "../ui/form";
import { useState } from "../vendor/preact";
import type { ShareModel } from "./model";
import { RoleSelect } from "./roleselect";
import { EXPIRIES, expiryAt, untilWords } from "./words";

export function LinkSection({ model }: { readonly model: ShareModel }) {
  const [role, setRole] = useState<Role>("viewer");
  const made = model.made.value;
  const create = (expiry: string): Promise<void> =>
    model.createLink(role, expiryAt(EXPIRIES[Number(expiry)]?.[1] ?? null, Date.now()));
  return (
    <section class="dialog-section">
      <h3>{words().share.links}</h3>
      <Form class="row link-form" label={words().share.newLink} onSubmit={({ expiry = "0" }) => create(expiry)}>
        <RoleSelect
          label={words().share.whoeverHasLink}
          role={role}
          onChange={(chosen) => setRole(chosen ?? "viewer")}
        />
        <select class="select" name="expiry" aria-label={words().share.howLong}>
          {EXPIRIES.map(([id], index) => (
            <option key={id} value={String(index)}>
              {words().share.works[id]}
            </option>
          ))}
        </select>
        <button type="submit" class="button button-primary">
          {words().share.createLink}
        </button>
      </Form>
      {made?.url == null ? null : (
        <div class="made">
          <p>{words().share.linkMade[made.role]}</p>
          <CopyField key={made.id} label={words().share.shareLink} value={made.url} focus />
        </div>
      )}
      {model.links.value.length === 0 ? (
        <p class="hint">{words().share.noLinks}</p>
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
        {words().share.roles[link.role]}
        {isNew ? <span class="tag">{words().share.isNew}</span> : null}
        <span class="entry-note">
          {" "}
          · <span title={words().share.made(longTime(link.createdAt))}>{untilWords(link.expiresAt, now)}</span>
        </span>
      </span>
      <button type="button" class="button button-small" onClick={() => void model.revokeLink(link.id)}>
        {over ? words().share.remove : words().share.revoke}
      </button>
    </li>
  );
}
