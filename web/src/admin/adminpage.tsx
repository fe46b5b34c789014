/** For operators: what all processes of the server do now, updated by the server while one looks. */

import { attempt, request, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { locale, words } from "../language/language";
import { documentPage } from "../route";
import { safeName } from "../safe";
import { Card } from "../ui/card";
import { Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { DocumentDesk, ManageButton } from "./documentdesk";
import { ratesBetween, readOverview, type Connection, type OpenDocument, type Overview, type Seen } from "./overview";

export function showAdminPage(app: HTMLElement): Promise<void> {
  return mountPage(app, () => words().admin.title, (store) => <AdminPage store={store} />);
}

function AdminPage({ store }: { readonly store: IdentityStore }) {
  const identity = store.identity.value;
  if (identity === null) return null;
  if (!identity.operator) {
    return <Frame store={store} title={words().account.operatorsOnly} lead={words().account.operatorsOnlyLead} narrow />;
  }
  return (
    <Frame store={store} title={words().admin.title} lead={words().admin.lead}>
      <Watched />
    </Frame>
  );
}

interface Watching {
  readonly before: Seen | null;
  readonly now: Seen | null;
  readonly live: boolean;
}

function Watched() {
  const [{ before, now, live }, setWatching] = useState<Watching>({ before: null, now: null, live: false });
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    const source = new EventSource(`${basePath()}api/admin/overview`);
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const overview = readOverview(parsed(data));
      setWatching((last) => ({ before: last.now, now: { overview, atMs: Date.now() }, live: true }));
    };
    source.onerror = () => setWatching((last) => ({ ...last, live: false }));
    return () => source.close();
  }, []);
  const close = async ({ id }: Connection): Promise<void> => {
    setProblem(await attempt(() => request("DELETE", `admin/connections/${encodeURIComponent(id)}`)));
  };
  if (now === null) return <p class="hint">{words().admin.waiting}</p>;
  const { overview } = now;
  return (
    <>
      <p class="hint" role="status">
        {live ? words().admin.live : words().admin.away}
      </p>
      <Figures overview={overview} rates={ratesBetween(before, now)} />
      <Card title={words().admin.slowest}>
        <Problem error={problem} />
        {overview.slowest.length === 0 ? <p class="hint">{words().admin.noConnections}</p> : null}
        <ul class="rows" hidden={overview.slowest.length === 0}>
          {overview.slowest.map((each) => (
            <li key={each.id} class="entry">
              <span class="entry-main">
                <bdi>{nameOf(each)}</bdi>
                <span class="entry-note"> · {connectionNote(each)}</span>
              </span>
              <button
                type="button"
                class="button button-small"
                aria-label={words().admin.closeOf(nameOf(each))}
                onClick={() => void close(each)}
              >
                {words().admin.close}
              </button>
            </li>
          ))}
        </ul>
      </Card>
      <Documents title={words().admin.busiest} documents={overview.busiest} choose={setChosen} />
      <Documents title={words().admin.largest} documents={overview.largest} choose={setChosen} />
      <DocumentDesk name={chosen} choose={setChosen} marked={overview.readOnly} />
      <Card title={words().admin.errors}>
        {overview.refusals.length === 0 ? <p class="hint">{words().admin.noErrors}</p> : null}
        <ul class="rows" hidden={overview.refusals.length === 0}>
          {overview.refusals.map(([code, count]) => (
            <li key={code} class="entry">
              <code class="entry-main">{code}</code>
              <span class="entry-note">{whole(count)}</span>
            </li>
          ))}
        </ul>
      </Card>
      <Card title={words().admin.processes}>
        <ul class="rows">
          {overview.processes.map((each) => (
            <li key={each.name} class="entry">
              <code class="entry-main">{each.name}</code>
              <span class="entry-note">
                {words().admin.processNote(whole(each.connections), whole(each.documents), bytes(each.memoryBytes))}
                {each.redis === false ? ` · ${words().admin.redisAway}` : ""}
              </span>
            </li>
          ))}
        </ul>
        {overview.processes.some(({ redis }) => redis !== null) ? <p class="hint">{words().admin.oneHost}</p> : null}
      </Card>
    </>
  );
}

interface FiguresProps {
  readonly overview: Overview;
  readonly rates: { readonly edits: number; readonly messages: number } | null;
}

function Figures({ overview, rates }: FiguresProps) {
  const { figures } = words().admin;
  const shown: readonly (readonly [string, string])[] = [
    [figures.connections, whole(overview.connections)],
    [figures.documents, whole(overview.documents)],
    [figures.edits, rates === null ? "–" : whole(rates.edits)],
    [figures.messages, rates === null ? "–" : whole(rates.messages)],
    [figures.waiting, bytes(overview.waitingBytes)],
    [figures.lagging, whole(overview.lagging)],
    [figures.cut, whole(overview.cut)],
    [figures.processes, whole(overview.processes.length)],
  ];
  return (
    <dl class="admin-figures">
      {shown.map(([label, value]) => (
        <div key={label} class="admin-figure">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface DocumentsProps {
  readonly title: string;
  readonly documents: readonly OpenDocument[];
  readonly choose: (name: string) => void;
}

function Documents({ title, documents, choose }: DocumentsProps) {
  return (
    <Card title={title}>
      {documents.length === 0 ? <p class="hint">{words().admin.noDocuments}</p> : null}
      <ul class="rows" hidden={documents.length === 0}>
        {documents.map((each) => (
          <li key={each.name} class="entry">
            <a class="entry-main" href={documentPage(basePath(), each.name)}>
              <bdi>{each.name}</bdi>
            </a>
            <span class="entry-note">
              {words().admin.documentNote(whole(each.members), whole(each.chars), whole(each.version))}
              {each.readOnly ? ` · ${words().admin.readOnly}` : ""}
            </span>
            <ManageButton name={each.name} choose={choose} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

const nameOf = ({ user }: Connection): string => (user === "" ? words().admin.nobody : safeName(user));

function connectionNote({ dialect, documents, waitingBytes, lagging }: Connection): string {
  const parts = [
    dialect,
    documents.join(", "),
    waitingBytes > 0 ? words().admin.waits(bytes(waitingBytes)) : "",
    lagging ? words().admin.lags : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

const whole = (value: number): string => new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value);

const bytes = (value: number): string =>
  new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: value >= 1e6 ? "megabyte" : "kilobyte",
    maximumFractionDigits: value >= 1e6 ? 1 : 0,
  }).format(value / (value >= 1e6 ? 1e6 : 1e3));

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
