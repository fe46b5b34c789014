/** Who one is, with what one can do about it: another name, sign in, the account, sign out. */

import { signOut } from "../api/session";
import { basePath } from "../base";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { signInPage } from "../route";
import { safeName } from "../safe";
import { userNameFrom } from "../names";
import { attempt } from "../api/request";
import { useEffect, useRef, useState, type RefObject } from "../vendor/preact";
import type { Identity } from "../api/session";
import { Avatar } from "./avatar";
import { Form, Problem } from "./form";

interface UserMenuProps {
  readonly store: IdentityStore;
  /** The user has another name. */
  readonly onRenamed?: () => void;
  /** The user leaves this page for another. */
  readonly onLeave?: () => void;
}

export function UserMenu({ store, onRenamed, onLeave }: UserMenuProps) {
  const [open, setOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const identity = store.identity.value;
  useClosing(open, host, (giveBack) => {
    setOpen(false);
    if (giveBack) button.current?.focus();
  });
  if (identity === null) return null;
  if (identity.user === null || !isSomebody(identity)) {
    return <SignInLink identity={identity} onLeave={() => onLeave?.()} />;
  }
  const name = safeName(identity.user.name);
  return (
    <div class="user-menu" ref={host}>
      <button
        ref={button}
        type="button"
        class="self"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`You are ${name}`}
        onClick={() => setOpen(!open)}
      >
        <Avatar user={identity.user} />
        <span class="self-name">{name}</span>
      </button>
      {open ? (
        <div class="menu" role="dialog" aria-label="You">
          <Menu
            identity={identity}
            store={store}
            onLeave={() => onLeave?.()}
            onRenamed={() => {
              setOpen(false);
              button.current?.focus();
              onRenamed?.();
            }}
          />
        </div>
      ) : null}
    </div>
  );
}

/** Close on Escape, on a click elsewhere, and when the focus goes elsewhere. */
function useClosing(
  open: boolean,
  host: RefObject<HTMLDivElement | null>,
  close: (giveFocusBack: boolean) => void,
): void {
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event): void => {
      if (event.target instanceof Node && host.current?.contains(event.target) !== true) close(false);
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close(true);
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);
}

function SignInLink({ identity, onLeave }: Pick<MenuProps, "identity" | "onLeave">) {
  if (identity.signIn.length === 0) return null;
  return (
    <a class="button" href={signInPage(basePath(), location.pathname)} onClick={onLeave}>
      Sign in
    </a>
  );
}

interface MenuProps {
  readonly identity: Identity;
  readonly store: IdentityStore;
  readonly onRenamed: () => void;
  readonly onLeave: () => void;
}

function Menu({ identity, store, onRenamed, onLeave }: MenuProps) {
  const [problem, setProblem] = useState("");
  const base = basePath();
  const isGuest = identity.kind === "guest";
  const leave = async (): Promise<void> => {
    const error = await attempt(signOut);
    if (error !== null) return setProblem(error.message);
    onLeave();
    location.assign(base);
  };
  return (
    <>
      {isGuest ? (
        <NameForm identity={identity} store={store} onRenamed={onRenamed} />
      ) : (
        <p class="menu-name">{safeName(identity.user?.name)}</p>
      )}
      {isGuest ? null : (
        <a class="menu-item" href={`${base}account`} onClick={onLeave}>
          Account
        </a>
      )}
      {identity.operator ? (
        <a class="menu-item" href={`${base}people`} onClick={onLeave}>
          People
        </a>
      ) : null}
      {!identity.signedIn && identity.signIn.length > 0 ? (
        <a class="menu-item" href={signInPage(base, location.pathname)} onClick={onLeave}>
          Sign in
        </a>
      ) : null}
      {identity.signedIn && identity.mode !== "open" ? (
        <button type="button" class="menu-item" onClick={() => void leave()}>
          Sign out
        </button>
      ) : null}
      <Problem error={problem} />
    </>
  );
}

function NameForm({ identity, store, onRenamed }: Omit<MenuProps, "onLeave">) {
  const [problem, setProblem] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const rename = async (typed: string): Promise<void> => {
    const name = userNameFrom(typed);
    if (name === null) return setProblem("A name has at least one letter.");
    if (name === identity.user?.name) return onRenamed();
    const error = await attempt(() => store.rename(name));
    if (error === null) onRenamed();
    else setProblem(error.message);
  };
  return (
    <Form class="menu-form" onSubmit={(fields) => rename(fields["name"] ?? "")}>
      <label for="your-name">Your name</label>
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
          Save
        </button>
      </div>
      <p class="hint">Others see it beside your cursor and in the history.</p>
      <Problem error={problem} />
    </Form>
  );
}
