/** Who else is here: circles with initials. */

import { element } from "../dom";
import { safeColor, safeName } from "../safe";
import { initials } from "../names";
import type { Member, User } from "../protocol";
import { signal } from "../vendor/preact";

const MAX_CIRCLES = 5;

export class MembersBar {
  readonly dom = element("ul", { class: "member-list", "aria-label": "Also here" });
  /** Everybody who is here, or was while the page is open: oneself too, once each. */
  readonly met = signal<readonly User[]>([]);
  private shown = "";

  show(members: readonly Member[], self: User | null): void {
    const all = [...new Map(members.map(({ user }) => [user.id, user])).values()];
    const users = all.filter(({ id }) => id !== self?.id);
    const key = JSON.stringify(all);
    if (key === this.shown) return;
    this.shown = key;
    const met = [...this.met.value, ...all].map((user) => [user.id, user] as const);
    this.met.value = [...new Map(met).values()];
    const rest = users.slice(users.length > MAX_CIRCLES ? MAX_CIRCLES - 1 : MAX_CIRCLES);
    this.dom.replaceChildren(
      ...users.slice(0, users.length - rest.length).map((user) => element("li", {}, circle(user))),
      ...(rest.length > 0 ? [element("li", {}, more(rest))] : []),
    );
  }
}

function circle(user: User): HTMLElement {
  const name = safeName(user.name);
  const dom = element("span", { class: "circle", title: name, role: "img", "aria-label": name });
  dom.textContent = initials(name);
  dom.style.backgroundColor = safeColor(user.color);
  return dom;
}

function more(users: readonly User[]): HTMLElement {
  const names = users.map((user) => safeName(user.name)).join(", ");
  return element(
    "span",
    { class: "circle circle-more", title: names, role: "img", "aria-label": names },
    `+${users.length}`,
  );
}
