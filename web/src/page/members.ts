/** Who is here: circles with initials, one's own first and with an editable name. */

import { element } from "../dom";
import { safeColor, safeName } from "../editor/presence";
import { initials, userNameFrom } from "../names";
import type { Member, User } from "../protocol";

const MAX_CIRCLES = 5;

export class MembersBar {
  readonly dom = element("div", { class: "members" });

  private readonly others = element("ul", { class: "member-list", "aria-label": "Also here" });
  private readonly self = element("button", { type: "button", class: "self" });
  private shown = "";

  /** @param onRename called with a new, non-empty name of the user */
  constructor(
    private name: string,
    private readonly onRename: (name: string) => void,
  ) {
    this.self.addEventListener("click", () => this.edit());
    this.dom.append(this.others, this.self);
    this.show([], null);
  }

  show(members: readonly Member[], self: User | null): void {
    const others = new Map<string, User>();
    for (const { user } of members) if (user.id !== self?.id) others.set(user.id, user);
    const key = JSON.stringify([[...others.values()], self?.color, this.name]);
    if (key === this.shown) return;
    this.shown = key;
    const users = [...others.values()];
    const rest = users.slice(users.length > MAX_CIRCLES ? MAX_CIRCLES - 1 : MAX_CIRCLES);
    this.others.replaceChildren(
      ...users.slice(0, users.length - rest.length).map((user) => element("li", {}, circle(user))),
      ...(rest.length > 0 ? [element("li", {}, more(rest))] : []),
    );
    const user = { id: "", name: this.name, color: self?.color ?? "" };
    this.self.replaceChildren(circle(user), element("span", { class: "self-name" }, this.name));
    this.self.setAttribute("aria-label", `You are ${this.name}. Change your name`);
    this.self.title = "Change your name";
  }

  private edit(): void {
    const input = element("input", {
      type: "text",
      class: "self-input",
      "aria-label": "Your name",
      maxlength: "60",
      autocomplete: "off",
    });
    input.value = this.name;
    let open = true;
    const close = (keep: boolean): void => {
      if (!open) return;
      open = false;
      const name = userNameFrom(input.value);
      input.replaceWith(this.self);
      if (!keep || name === null || name === this.name) return;
      this.name = name;
      this.onRename(name);
    };
    input.addEventListener("blur", () => close(true));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      close(event.key === "Enter");
      this.self.focus();
    });
    this.self.replaceWith(input);
    input.select();
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
