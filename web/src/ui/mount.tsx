/** A page of its own: the app's element, the identity of the user, and the title of the window. */

import { attempt } from "../api/request";
import { basePath } from "../base";
import { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { UnsentList } from "../unsent/unsentlist";
import { effect, render, type ComponentChild } from "../vendor/preact";
import { Mark } from "./mark";

/** Show `page` once it is known who asks; where that cannot be learned, say so. */
export async function mountPage(
  app: HTMLElement,
  title: () => string,
  page: (store: IdentityStore) => ComponentChild,
): Promise<void> {
  effect(() => void (document.title = `${title()} – Quire`));
  const store = new IdentityStore();
  const error = await attempt(() => store.load());
  app.replaceChildren();
  render(error === null ? page(store) : <Unreachable store={store} problem={error.message} />, app);
}

function Unreachable({ store, problem }: { readonly store: IdentityStore; readonly problem: string }) {
  return (
    <div class="page page-scrolls">
      <header class="topbar">
        <a href={basePath()} class="home">
          <Mark named />
          <span class="visually-hidden">{words().page.home}</span>
        </a>
      </header>
      <main class="column column-narrow">
        <header class="column-header">
          <h1>{words().common.notNow}</h1>
          <p role="alert">{problem}</p>
        </header>
        <button type="button" class="button button-primary" onClick={() => location.reload()}>
          {words().common.tryAgain}
        </button>
        <UnsentList store={store} />
      </main>
    </div>
  );
}
