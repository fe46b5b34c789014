/** In place of a page: there is nothing at the address, or the server cannot answer it. */

import { createTitled } from "../api/documents";
import { attempt, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { documentPage } from "../route";
import { Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useState } from "../vendor/preact";
import { failureOf, type AddressFailure } from "./failure";

/** @param status of the answer that the page came with */
export function showAddressPage(app: HTMLElement, status: number): Promise<void> {
  const failure = failureOf(status);
  return mountPage(app, () => words().addresses[failure], (store) => <AddressPage store={store} failure={failure} />);
}

/** @param typed what stands in the address in place of a document's name */
export function showBadName(app: HTMLElement, typed: string): Promise<void> {
  return mountPage(app, () => words().addresses.badName, (store) => <BadName store={store} typed={typed} />);
}

function AddressPage({ store, failure }: { readonly store: IdentityStore; readonly failure: AddressFailure }) {
  const { addresses } = words();
  const isPassing = failure !== "notFound" && failure !== "notAllowed";
  return (
    <Frame store={store} title={addresses[failure]} lead={addresses[`${failure}Lead`]} narrow>
      <div class="row">
        {isPassing ? (
          <button type="button" class="button button-primary" onClick={() => location.reload()}>
            {addresses.tryAgain}
          </button>
        ) : null}
        <StartLink />
      </div>
    </Frame>
  );
}

function BadName({ store, typed }: { readonly store: IdentityStore; readonly typed: string }) {
  const { addresses } = words();
  const [problem, setProblem] = useState<ApiError | null>(null);
  const title = typed.trim().slice(0, 200);
  const create = async (): Promise<void> => {
    setProblem(
      await attempt(async () => {
        const made = await createTitled(title);
        location.assign(documentPage(basePath(), made.name));
      }),
    );
  };
  return (
    <Frame store={store} title={addresses.badName} lead={addresses.badNameLead} narrow>
      <Problem error={problem} />
      <div class="row">
        {store.identity.value?.mayCreate === true && title !== "" ? (
          <button type="button" class="button button-primary" onClick={() => void create()}>
            <bdi>{addresses.createTitled(title)}</bdi>
          </button>
        ) : null}
        <StartLink />
      </div>
    </Frame>
  );
}

function StartLink() {
  return (
    <a class="button" href={basePath()}>
      {words().addresses.toStart}
    </a>
  );
}
