/** A person as a circle with initials, and how a person's name is shown beside it. */

import { safeColor, safeName } from "../safe";
import { initials } from "../names";
import type { User } from "../protocol";

/** The circle alone; the name is beside it. */
export function Avatar({ user }: { readonly user: User }) {
  return (
    <span class="circle" style={{ backgroundColor: safeColor(user.color) }} data-initials={initials(safeName(user.name))} aria-hidden />
  );
}

export function PersonName({ user, note = "" }: { readonly user: User; readonly note?: string }) {
  return (
    <span class="person">
      <Avatar user={user} />
      <span class="person-name">
        {safeName(user.name)}
        {note === "" ? null : <span class="person-note"> {note}</span>}
      </span>
    </span>
  );
}
