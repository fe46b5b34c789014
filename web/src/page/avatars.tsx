/** Who else is here: circles with initials. */

import { words } from "../language/language";
import { initials } from "../names";
import type { User } from "../protocol";
import { safeColor, safeName } from "../safe";
import type { ReadonlySignal } from "../vendor/preact";
import { circlesOf } from "./members";

export function Avatars({ others }: { readonly others: ReadonlySignal<readonly User[]> }) {
  const { shown, rest } = circlesOf(others.value);
  const names = rest.map(({ name }) => safeName(name)).join(", ");
  return (
    <ul class="member-list" aria-label={words().page.alsoHere}>
      {shown.map((user) => (
        <li key={user.id}>
          <Circle user={user} />
        </li>
      ))}
      {rest.length === 0 ? null : (
        <li>
          <span class="circle circle-more" title={names} role="img" aria-label={names}>
            +{rest.length}
          </span>
        </li>
      )}
    </ul>
  );
}

function Circle({ user }: { readonly user: User }) {
  const name = safeName(user.name);
  return (
    <span
      class="circle"
      title={name}
      role="img"
      aria-label={name}
      style={{ backgroundColor: safeColor(user.color) }}
    >
      {initials(name)}
    </span>
  );
}
