/** The history of a document over HTTP: its sittings, versions and their differences. */

import type { Span } from "../history/comparison";
import { readKept, type KeptHistory } from "../history/missing";
import { mergeEvents, type HistoryEvent, type Origin, type SittingPage } from "../history/sitting";
import { documentPath } from "./documents";
import { field, list, number, text, time } from "./read";
import { request, requestText } from "./request";

/** Sittings between two versions, both exclusive, newest first. */
export async function getSittings(
  name: string,
  bounds: { readonly after?: number; readonly before?: number },
): Promise<SittingPage> {
  const answer = await request("GET", `${documentPath(name)}/history/sittings?${boundsQuery(bounds)}`);
  const next = number(answer, "next");
  return { sittings: list(answer, "sittings").map(readSitting), next: next > 0 ? next : null };
}

/** Single versions between two, both exclusive, newest first: at most 100 of them. */
export async function getEvents(
  name: string,
  bounds: { readonly after: number; readonly before: number },
): Promise<HistoryEvent[]> {
  const query = boundsQuery(bounds);
  query.set("order", "desc");
  query.set("limit", "100");
  const answer = await request("GET", `${documentPath(name)}/history?${query}`);
  return mergeEvents(list(answer, "events").map(readEvent), []);
}

function boundsQuery(bounds: { readonly after?: number; readonly before?: number }): URLSearchParams {
  return new URLSearchParams(Object.entries(bounds).map(([key, value]) => [key, String(value)]));
}

/** The edit that makes the text at `to` of the one at `from`, counted in UTF-16 units. */
export async function getDiff(name: string, from: number, to: number): Promise<Span[]> {
  const query = new URLSearchParams({ from: String(from), to: String(to), position_encoding: "utf-16" });
  const answer = await request("GET", `${documentPath(name)}/diff?${query}`);
  return list(answer, "ops").map((op) => ({
    retain: number(op, "retain"),
    insert: text(op, "insert"),
    delete: number(op, "delete"),
  }));
}

export async function getVersion(
  name: string,
  version: number,
): Promise<{ event: HistoryEvent; text: string }> {
  const answer = await request("GET", `${documentPath(name)}/history/${version}`);
  return { event: readEvent(field(answer, "event")), text: text(answer, "text") };
}

/** The text at `version`; nothing at version 0. */
export async function getText(name: string, version: number): Promise<string> {
  return version === 0 ? "" : requestText(`${documentPath(name)}/text?version=${version}`);
}

/** Bring the text of `version` back; returns the version that does. */
export async function restoreVersion(name: string, version: number, id: string): Promise<number> {
  return number(await request("POST", `${documentPath(name)}/restore`, { version, id }), "version");
}

/** How much of the history is kept. */
export async function getKept(name: string): Promise<KeptHistory> {
  return readKept(await request("GET", `${documentPath(name)}/retention`));
}

function readEvent(value: unknown): HistoryEvent {
  const actor = field(value, "actor");
  const version = number(value, "version");
  return {
    version,
    first: number(value, "first") || version,
    type: text(value, "type"),
    at: time(value, "at"),
    actor: { id: text(actor, "id"), name: text(actor, "name") },
    session: text(value, "session"),
  };
}

const ORIGINS: readonly string[] = ["live", "request", "restore", "take-back", "repair"] satisfies Origin[];

function readSitting(value: unknown): SittingPage["sittings"][number] {
  const restored = field(value, "restored");
  return {
    first: number(value, "first"),
    last: number(value, "last"),
    from: time(value, "from"),
    to: time(value, "to"),
    restored: typeof restored === "number" ? restored : null,
    authors: list(value, "authors").map((author) => {
      const origin = text(author, "origin");
      return {
        id: text(author, "id"),
        name: text(author, "name"),
        color: text(author, "color"),
        origin: ORIGINS.includes(origin) ? (origin as Origin) : "live",
        events: number(author, "events"),
      };
    }),
  };
}
