/** Who one is, with what one can do about it: another name, sign in, the account, sign out. */

import { signOut } from "../api/session";
import { basePath } from "../base";
import { countUnsent, eraseDevice } from "../device/erase";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { signInPage } from "../route";
import { safeName } from "../safe";
import { userNameFrom } from "../names";
import { attempt } from "../api/request";
import { useEffect, useRef, useState } from "../vendor/preact";
import type { Identity } from "../api/session";
import { Avatar } from "./avatar";
import { ColourChoice } from "./colourchoice";
import { Form, Problem } from "./form";
import { Popover } from "./popover";
import { Preferences } from "./preferences";

interface UserMenuProps {
  readonly store: IdentityStore;
  /** The user has another name. */
  readonly onRenamed?: () => void;
  /** The user leaves this page for another. */
  readonly onLeave?: () => void;
}

export function UserMenu({ store, onRenamed, onLeave }: UserMenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const identity = store.identity.value;
  if (identity === null) return null;
  if (identity.user === null || !isSomebody(identity)) {
    return <SignInLink identity={identity} onLeave={() => onLeave?.()} />;
  }
  const name = safeName(identity.user.name);
  return (
    <div class="user-menu">
      <button
        ref={button}
        type="button"
        class="self"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={words().user.youAre(name)}
        data-tip={open ? "" : words().user.youAre(name)}
        onClick={() => setOpen(!open)}
      >
        <Avatar user={identity.user} />
        <span class="self-name">{name}</span>
      </button>
      {open ? (
        <Popover anchor={button} onClose={() => setOpen(false)} class="menu" label={words().user.you} atEnd>
          <Menu
            identity={identity}
            store={store}
            onLeave={() => onLeave?.()}
            onRecoloured={() => onRenamed?.()}
            onRenamed={() => {
              setOpen(false);
              onRenamed?.();
            }}
          />
        </Popover>
      ) : null}
    </div>
  );
}

function SignInLink({ identity, onLeave }: Pick<MenuProps, "identity" | "onLeave">) {
  if (identity.signIn.length === 0) return null;
  return (
    <a class="button" href={signInPage(basePath(), location.pathname)} onClick={onLeave}>
      {words().user.signIn}
    </a>
  );
}

interface MenuProps {
  readonly identity: Identity;
  readonly store: IdentityStore;
  readonly onRenamed: () => void;
  readonly onRecoloured: () => void;
  readonly onLeave: () => void;
}

function Menu({ identity, store, onRenamed, onRecoloured, onLeave }: MenuProps) {
  const [problem, setProblem] = useState("");
  const base = basePath();
  const isGuest = identity.kind === "guest";
  const [unsent, setUnsent] = useState(0);
  const leave = async (): Promise<void> => {
    const user = identity.user?.id ?? "";
    // The next one at this device is not to find what this one has written.
    const count = unsent > 0 ? 0 : await countUnsent(user);
    if (count > 0) return setUnsent(count);
    const error = await attempt(signOut);
    if (error !== null) return setProblem(error.message);
    onLeave();
    await eraseDevice(user);
    location.assign(base);
  };
  return (
    <>
      {isGuest ? (
        <NameForm identity={identity} store={store} onRenamed={onRenamed} />
      ) : (
        <p class="menu-name">{safeName(identity.user?.name)}</p>
      )}
      {identity.user !== null && ["guest", "account", "oidc"].includes(identity.kind) ? (
        <ColourChoice store={store} color={identity.user.color} onChosen={onRecoloured} />
      ) : null}
      {isGuest ? null : (
        <a class="menu-item" href={`${base}account`} onClick={onLeave}>
          {words().user.account}
        </a>
      )}
      {identity.operator ? (
        <a class="menu-item" href={`${base}people`} onClick={onLeave}>
          {words().user.people}
        </a>
      ) : null}
      {identity.operator ? (
        <a class="menu-item" href={`${base}admin`} onClick={onLeave}>
          {words().admin.title}
        </a>
      ) : null}
      {!identity.signedIn && identity.signIn.length > 0 ? (
        <a class="menu-item" href={signInPage(base, location.pathname)} onClick={onLeave}>
          {words().user.signIn}
        </a>
      ) : null}
      {identity.signedIn && identity.mode !== "open" ? (
        <button type="button" class="menu-item" onClick={() => void leave()}>
          {unsent > 0 ? words().saving.signOutAnyway : words().user.signOut}
        </button>
      ) : null}
      {unsent > 0 ? <p class="hint">{words().saving.unsentAtSignOut(unsent)}</p> : null}
      <Preferences />
      <Problem error={problem} />
    </>
  );
}

function NameForm({ identity, store, onRenamed }: Pick<MenuProps, "identity" | "store" | "onRenamed">) {
  const [problem, setProblem] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const rename = async (typed: string): Promise<void> => {
    const name = userNameFrom(typed);
    if (name === null) return setProblem(words().user.nameRule);
    if (name === identity.user?.name) return onRenamed();
    const error = await attempt(() => store.rename(name));
    if (error === null) onRenamed();
    else setProblem(error.message);
  };
  return (
    <Form class="menu-form" onSubmit={(fields) => rename(fields["name"] ?? "")}>
      <label for="your-name">{words().user.yourName}</label>
      <div class="row">
        <input
          ref={input}
          id="your-name"
          name="name"
          type="text"
          maxLength={60}
          autocomplete="off"
          defaultValue={identity.user?.name ?? ""}
        />
        <button type="submit" class="button">
          {words().user.save}
        </button>
      </div>
      <p class="hint">{words().user.nameHint}</p>
      <Problem error={problem} />
    </Form>
  );
}
