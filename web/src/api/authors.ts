/** Who wrote a document, over HTTP: span by span, and person by person. */

import type { BlamedSpan, Contribution } from "../history/authorspans";
import type { FirstAuthor } from "../history/playbacklife";
import { documentPath } from "./documents";
import { field, list, number, text, time } from "./read";
import { request } from "./request";

const MAX_SPANS = 20_000;
const MAX_PAGES = 20;

/**
 * Who wrote the text at `version`, in UTF-16 units. Where it has very many parts, those of one author are one,
 * of the newest of their versions.
 */
export async function getBlame(name: string, version: number): Promise<BlamedSpan[]> {
  const exact = await blamePage(name, { version, grain: "version", after: 0 });
  if (exact.next === null) return exact.spans;
  const spans: BlamedSpan[] = [];
  let after: number | null = 0;
  for (let page = 0; page < MAX_PAGES && after !== null; page++) {
    const found: Page = await blamePage(name, { version, grain: "author", after });
    spans.push(...found.spans);
    after = found.next;
  }
  return spans;
}

/** Who first wrote the text at `version`, in code points: of a very long text its beginning. */
export async function getFirstAuthors(name: string, version: number): Promise<FirstAuthor[]> {
  const query = new URLSearchParams({ version: String(version), grain: "author", limit: String(MAX_SPANS) });
  const answer = await request("GET", `${documentPath(name)}/blame?${query}`);
  return list(answer, "spans").map(readSpan).map(({ units, actor }) => ({ length: units, actor: actor.id }));
}

interface Page {
  readonly spans: BlamedSpan[];
  readonly next: number | null;
}

async function blamePage(
  name: string,
  asked: { readonly version: number; readonly grain: "version" | "author"; readonly after: number },
): Promise<Page> {
  const query = new URLSearchParams({ position_encoding: "utf-16", limit: String(MAX_SPANS) });
  for (const [key, value] of Object.entries(asked)) query.set(key, String(value));
  const answer = await request("GET", `${documentPath(name)}/blame?${query}`);
  const next = field(answer, "next");
  return { spans: list(answer, "spans").map(readSpan), next: typeof next === "number" ? next : null };
}

function readSpan(value: unknown): BlamedSpan {
  return {
    units: number(value, "len"),
    version: number(value, "version"),
    actor: readActor(field(value, "actor")),
    at: time(value, "at"),
  };
}

const readActor = (value: unknown) => ({ id: text(value, "id"), name: text(value, "name") });

/** What each person did up to `version`, those of whom most stands first. */
export async function getContributions(name: string, version: number): Promise<Contribution[]> {
  const answer = await request("GET", `${documentPath(name)}/contributions?version=${version}`);
  return list(answer, "contributions").map((value) => ({
    actor: readActor(field(value, "actor")),
    color: text(value, "color"),
    inserted: number(value, "inserted"),
    deleted: number(value, "deleted"),
    standing: number(value, "standing"),
    events: number(value, "events"),
    first: time(value, "first_at"),
    last: time(value, "last_at"),
  }));
}
