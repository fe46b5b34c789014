/** What the pages around the documents have in common: the bar at the top, and one column. */

import { basePath } from "../base";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { UnsentList } from "../unsent/unsentlist";
import type { ComponentChildren } from "../vendor/preact";
import { Mark } from "./mark";
import { Tooltips } from "./tooltip";
import { UserMenu } from "./usermenu";

interface FrameProps {
  readonly store: IdentityStore;
  readonly title: string;
  readonly lead?: string;
  /** A narrow column, as for a form. */
  readonly narrow?: boolean;
  readonly children?: ComponentChildren;
}

export function Frame({ store, title, lead = "", narrow = false, children }: FrameProps) {
  // What a narrow page offers to whoever is nobody is to sign in: once is enough.
  const identity = store.identity.value;
  const hasOwnSignIn = narrow && identity !== null && !isSomebody(identity);
  return (
    <div class="page page-scrolls">
      <header class="topbar">
        <a href={basePath()} class="home">
          <Mark named />
          <span class="visually-hidden">{words().page.home}</span>
        </a>
        <span class="spacer" />
        {hasOwnSignIn ? null : <UserMenu store={store} />}
      </header>
      <main class={narrow ? "column column-narrow" : "column"}>
        <header class="column-header">
          <h1>{title}</h1>
          {lead === "" ? null : <p>{lead}</p>}
        </header>
        <UnsentList store={store} />
        {children}
      </main>
      <Tooltips />
    </div>
  );
}
