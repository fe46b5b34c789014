/** Who else is here: circles with initials, each the way to that person's caret. */

import { words } from "../language/language";
import type { User } from "../protocol";
import { initials } from "../names";
import { safeColor, safeName } from "../safe";
import { Icon } from "../ui/icon";
import { MenuButton, type MenuGroup } from "../ui/menu";
import { circlesOf } from "./members";
import type { DocumentModel } from "./model";

export function Avatars({ model }: { readonly model: DocumentModel }) {
  const others = model.others.value;
  if (others.length === 0) return null;
  const { shown, rest } = circlesOf(others);
  const { alsoHere, people } = words().page;
  return (
    <div class="members">
      <ul class="member-list" aria-label={alsoHere}>
        {shown.map((user) => (
          <li key={user.id}>
            <Circle model={model} user={user} />
          </li>
        ))}
      </ul>
      <MenuButton
        label={`${people} (${others.length})`}
        class={rest.length > 0 ? "circle circle-more" : "members-more"}
        groups={() => others.map((user) => personGroup(model, user))}
        atEnd
      >
        <span class="members-all" data-count={others.length} />
        <span class="members-rest">
          {rest.length > 0 ? `+${rest.length}` : <Icon name="chevron-down" size={16} />}
        </span>
      </MenuButton>
    </div>
  );
}

function Circle({ model, user }: { readonly model: DocumentModel; readonly user: User }) {
  const name = safeName(user.name);
  const { goTo, idle } = words().page;
  const isIdle = model.idle.value.includes(user.id);
  return (
    <button
      type="button"
      class={isIdle ? "circle circle-idle" : "circle"}
      data-initials={initials(name)}
      aria-label={isIdle ? `${name} (${idle})` : name}
      data-tip={`${goTo(name)}${isIdle ? ` (${idle})` : ""}`}
      style={{ backgroundColor: safeColor(user.color) }}
      onClick={() => model.jumpTo(user)}
    >
      {isMarkedGuest(model, user) ? (
        <span class="circle-guest">
          <Icon name="guest" size={16} />
        </span>
      ) : null}
    </button>
  );
}

/** Where everybody is a guest, that says nothing of anybody. */
const isMarkedGuest = (model: DocumentModel, { id }: User): boolean =>
  model.hasAccounts.value && id.startsWith("guest-");

function personGroup(model: DocumentModel, user: User): MenuGroup {
  const { goTo, follow, stopFollowing, guest, idle } = words().page;
  const name = safeName(user.name);
  const notes = [
    ...(isMarkedGuest(model, user) ? [guest] : []),
    ...(model.idle.value.includes(user.id) ? [idle] : []),
  ];
  const isFollowed = model.following.value === user.id;
  return {
    id: user.id,
    label: notes.length > 0 ? `${name} (${notes.join(", ")})` : name,
    entries: [
      { id: "go", label: goTo(name), icon: "follow", run: () => model.jumpTo(user) },
      isFollowed
        ? { id: "stop", label: stopFollowing(name), icon: "close", run: () => model.follow(null) }
        : { id: "follow", label: follow(name), icon: "eye", run: () => model.follow(user) },
    ],
  };
}

/** Over the text: whom this window follows, and the way out. */
export function Followed({ model }: { readonly model: DocumentModel }) {
  const id = model.following.value;
  const user = model.others.value.find((other) => other.id === id);
  if (user === undefined) return null;
  const { following, stop } = words().page;
  return (
    <div class="followed" style={{ borderColor: safeColor(user.color) }}>
      <p class="followed-words" role="status" style={{ backgroundColor: safeColor(user.color) }}>
        {following(safeName(user.name))}
        <button type="button" class="followed-stop" onClick={() => model.follow(null)}>
          {stop} <kbd>Esc</kbd>
        </button>
      </p>
    </div>
  );
}
