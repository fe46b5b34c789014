/** The start page: new documents, search, lists, and what one does with a document from outside. */

import { basePath } from "../base";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { signInPage } from "../route";
import { Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { Toasts } from "../ui/toasts";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact";
import { DocumentList } from "./documentlist";
import { ImportArea } from "./importarea";
import { viewFromHash } from "./listview";
import { StartModel } from "./model";
import { NewDocument } from "./newdocument";
import { SearchField } from "./searchfield";
import { TemplateDialog } from "./templatedialog";
import { ViewBar } from "./viewbar";

export function showStartPage(app: HTMLElement): Promise<void> {
  return mountPage(app, () => words().start.title, (store) => <StartPage store={store} />);
}

function StartPage({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  const model = useMemo(() => new StartModel(), []);
  const [choosing, setChoosing] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const isStranger = identity !== null && !isSomebody(identity) && identity.mode !== "open";
  useEffect(() => {
    model.view.value = viewFromHash(location.hash);
    void model.load();
    void model.loadTags();
    const follow = (): void => model.show(viewFromHash(location.hash));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  useSlash(search);
  if (identity === null) return null;
  const said = words().start;
  const problem = model.problem.value;
  const isEmpty = isNothingThere(model);
  return (
    <Frame store={store} title={said.title} lead={said.lead}>
      <ImportArea isAllowed={identity.mayCreate} model={model}>
        {(choose) => (
          <div class="start">
            {identity.mayCreate ? (
              <NewDocument model={model} onTemplates={() => setChoosing(true)} onImport={choose} />
            ) : null}
            {isStranger && identity.signIn.length > 0 ? (
              <div class="row">
                <a class="button button-primary" href={signInPage(basePath(), basePath())}>
                  {said.signIn}
                </a>
                <span class="hint">{said.signInHint}</span>
              </div>
            ) : null}
            {isStranger && isEmpty ? null : (
              <>
                <SearchField model={model} input={search} />
                <ViewBar model={model} isSomebody={!isStranger} />
              </>
            )}
            {problem === null || problem.status === 401 ? null : (
              <div class="start-problem">
                <Problem error={problem} />
                <button type="button" class="button" onClick={() => void model.load()}>
                  {said.tryAgain}
                </button>
              </div>
            )}
            {isStranger && isEmpty ? null : <DocumentList model={model} mayCreate={identity.mayCreate} search={search} />}
          </div>
        )}
      </ImportArea>
      {choosing ? <TemplateDialog model={model} onClose={() => setChoosing(false)} /> : null}
      <Toasts list={model.toasts} />
    </Frame>
  );
}

function isNothingThere(model: StartModel): boolean {
  const { show, tag } = model.view.value;
  return model.rows.value?.length === 0 && show === "all" && tag === null && model.search.value.trim() === "";
}

/** `/` leads to the search, from wherever nothing is being written. */
function useSlash(search: { readonly current: HTMLInputElement | null }): void {
  useLayoutEffect(() => {
    const lead = (event: KeyboardEvent): void => {
      const isWriting =
        event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || document.querySelector("dialog[open]") !== null;
      if (event.key !== "/" || isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    document.addEventListener("keydown", lead);
    return () => document.removeEventListener("keydown", lead);
  }, []);
}
