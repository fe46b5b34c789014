/** For operators: one document, open or not: whether anybody may change it, and its audit trail. */

import { isTrue } from "../api/read";
import { attempt, request, type ApiError } from "../api/request";
import { basePath } from "../base";
import { relativeTime } from "../dom";
import { words } from "../language/language";
import { documentPage } from "../route";
import { safeName } from "../safe";
import { Card } from "../ui/card";
import { Field, Form, Problem } from "../ui/form";
import { useEffect, useRef, useState } from "../vendor/preact";
import { readAuditPage, type AuditEntry } from "./auditentry";

const TRAIL_LAG_MS = 1500;

interface DeskProps {
  readonly name: string;
  readonly choose: (name: string) => void;
  readonly marked: readonly string[];
}

/** Chooses a document by its name, among those that are read-only, or in another list of the page. */
export function DocumentDesk({ name, choose, marked }: DeskProps) {
  return (
    <Card title={words().admin.document}>
      <Form
        key={name}
        class="row admin-find"
        label={words().admin.document}
        onSubmit={(fields) => Promise.resolve(choose((fields["name"] ?? "").trim()))}
      >
        <Field label={words().admin.documentName} name="name" value={name} maxLength={128} />
        <button type="submit" class="button">
          {words().admin.show}
        </button>
      </Form>
      {name === "" ? null : <Chosen key={name} name={name} />}
      {marked.length === 0 ? null : (
        <>
          <h3 class="admin-heading">{words().admin.readOnlyDocuments}</h3>
          <ul class="rows">
            {marked.map((each) => (
              <li key={each} class="entry">
                <bdi class="entry-main">{each}</bdi>
                <ManageButton name={each} choose={choose} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

export function ManageButton({ name, choose }: { readonly name: string; readonly choose: (name: string) => void }) {
  return (
    <button
      type="button"
      class="button button-small"
      aria-label={words().admin.manageOf(name)}
      onClick={() => choose(name)}
    >
      {words().admin.manage}
    </button>
  );
}

function Chosen({ name }: { readonly name: string }) {
  const [readOnly, setReadOnly] = useState<boolean | null>(null);
  const [entries, setEntries] = useState<readonly AuditEntry[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const path = `admin/documents/${encodeURIComponent(name)}`;
  const older = async (before: number | null): Promise<void> => {
    const asked = new URLSearchParams({ document: name, limit: "20", ...(before === null ? {} : { before: `${before}` }) });
    const page = readAuditPage(await request("GET", `audit?${asked}`));
    setEntries((shown) => [...(before === null ? [] : shown), ...page.entries]);
    setNext(page.next);
  };
  useEffect(() => {
    void (async () => {
      const error = await attempt(async () => {
        setReadOnly(isTrue(await request("GET", path), "read_only"));
        await older(null);
      });
      setProblem(error);
      if (error === null) heading.current?.focus();
    })();
  }, []);
  const mark = async (wanted: boolean): Promise<void> => {
    const error = await attempt(async () => {
      setReadOnly(isTrue(await request("PATCH", path, { read_only: wanted }), "read_only"));
    });
    setProblem(error);
    // The trail is written a moment later.
    if (error === null) setTimeout(() => void attempt(() => older(null)), TRAIL_LAG_MS);
  };
  return (
    <div class="admin-document">
      <Problem error={problem} />
      {readOnly === null ? null : (
        <>
          <h3 class="admin-heading" tabIndex={-1} ref={heading}>
            <a href={documentPage(basePath(), name)}>
              <bdi>{name}</bdi>
            </a>
          </h3>
          <p class="row">
            <span role="status">{readOnly ? words().admin.isReadOnly : words().admin.isWritable}</span>
            <button type="button" class="button button-small" onClick={() => void mark(!readOnly)}>
              {readOnly ? words().admin.makeWritable : words().admin.makeReadOnly}
            </button>
          </p>
          <h4 class="admin-heading">{words().admin.audit}</h4>
          {entries.length === 0 ? <p class="hint">{words().admin.noAudit}</p> : null}
          <ul class="rows admin-audit" hidden={entries.length === 0}>
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ul>
          {next === null ? null : (
            <button
              type="button"
              class="button button-small"
              onClick={() => void attempt(() => older(next)).then(setProblem)}
            >
              {words().admin.olderAudit}
            </button>
          )}
        </>
      )}
    </div>
  );
}

function Entry({ entry: { kind, user, address, detail, atMs } }: { readonly entry: AuditEntry }) {
  const at = new Date(atMs).toISOString();
  return (
    <li class="entry">
      <span class="entry-main">
        <code>{kind}</code> <bdi>{user === "" ? words().admin.nobody : safeName(user)}</bdi>
        <span class="entry-note"> · {[address, detail].filter((part) => part !== "").join(" · ")}</span>
      </span>
      <time class="entry-note" dateTime={at} title={at}>
        {relativeTime(atMs, Date.now())}
      </time>
    </li>
  );
}
