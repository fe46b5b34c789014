/** The start page: a new document, and those that are there. */

import { createTitled, listDocuments, type DocumentInfo } from "../api/documents";
import { ApiError, attempt } from "../api/request";
import type { Identity } from "../api/session";
import { basePath } from "../base";
import { relativeTime } from "../dom";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { recentDocuments } from "../memory";
import { documentPage, signInPage } from "../route";
import { Form, Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useMemo, useRef, useState } from "../vendor/preact";

export function showStartPage(app: HTMLElement): Promise<void> {
  return mountPage(app, "Documents", (store) => <StartPage store={store} />);
}

function StartPage({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  const [documents, setDocuments] = useState<readonly DocumentInfo[] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const here = useMemo(recentDocuments, []);
  useEffect(() => {
    void attempt(async () => setDocuments(await listDocuments())).then((error) => {
      if (error?.status !== 401) setProblem(error);
    });
  }, []);
  if (identity === null) return null;
  const isStranger = !isSomebody(identity) && identity.mode !== "open";
  return (
    <Frame store={store} title="Quire" lead="Documents that people, programs and agents write together.">
      {identity.mayCreate ? <NewDocument onProblem={setProblem} /> : null}
      {isStranger ? <Welcome identity={identity} /> : null}
      <Problem error={problem} />
      {here.length > 0 ? <Documents title="Opened on this device" entries={here} /> : null}
      {documents === null || documents.length === 0 ? (
        documents !== null && !isStranger && <p class="hint">{emptyWords(identity)}</p>
      ) : (
        <Documents title="All documents" entries={documents.map(entryOf)} />
      )}
    </Frame>
  );
}

const emptyWords = ({ mayCreate }: Identity): string =>
  mayCreate
    ? "There are no documents yet. The first one is a click away."
    : "Nothing is shared with you yet.";

function Welcome({ identity }: { readonly identity: Identity }) {
  if (identity.signIn.length === 0) return null;
  return (
    <div class="row">
      <a class="button button-primary" href={signInPage(basePath(), basePath())}>
        Sign in
      </a>
      <span class="hint">to see your documents and to make new ones.</span>
    </div>
  );
}

function NewDocument({ onProblem }: { readonly onProblem: (error: ApiError | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <Form
      class="new-document"
      label="New document"
      onSubmit={async ({ title = "" }) => onProblem(await attempt(() => create(title.trim())))}
    >
      <label for="document-name">
        Name <span>(optional)</span>
      </label>
      <div class="new-document-row">
        <input
          id="document-name"
          name="title"
          type="text"
          maxLength={200}
          placeholder="Meeting notes"
          autocomplete="off"
          ref={input}
        />
        <button type="submit" class="button button-primary">
          New document
        </button>
      </div>
    </Form>
  );
}

async function create(title: string): Promise<void> {
  openDocument((await createTitled(title)).name);
}

const openDocument = (name: string): void => location.assign(documentPage(basePath(), name));

interface Entry {
  readonly name: string;
  readonly title: string;
  readonly at: number;
}

const entryOf = ({ name, title, updatedAt }: DocumentInfo): Entry => ({ name, title, at: updatedAt });

function Documents({ title, entries }: { readonly title: string; readonly entries: readonly Entry[] }) {
  const now = Date.now();
  return (
    <section>
      <h2>{title}</h2>
      <ul class="document-list">
        {entries.map(({ name, title: words, at }) => (
          <li key={name}>
            <a href={documentPage(basePath(), name)}>
              <span class="document-title">{words === "" ? name : words}</span>
              <time dateTime={new Date(at).toISOString()} class="document-time">
                {relativeTime(at, now)}
              </time>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
