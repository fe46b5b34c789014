/** The named versions of a document over HTTP. */

import type { NamedVersion, NamesPage } from "../history/namedversion";
import { documentPath } from "./documents";
import { field, isTrue, list, number, text, time } from "./read";
import { request } from "./request";

export type NameKind = "named" | "automatic";

/** A page of them, the newest version first. */
export async function listNames(document: string, kind: NameKind, before: string | null): Promise<NamesPage> {
  const query = new URLSearchParams({ kind, limit: "200", ...(before === null ? {} : { before }) });
  const answer = await request("GET", `${namesPath(document)}?${query}`);
  const next = text(answer, "next");
  return { versions: list(answer, "versions").map(readNamed), next: next === "" ? null : next };
}

export async function nameVersion(document: string, version: number, name: string, note: string): Promise<void> {
  await request("POST", namesPath(document), { version, name, note });
}

export async function changeName(document: string, before: string, name: string, note: string): Promise<void> {
  // An automatic one becomes one's own by any change, so what stays is not sent.
  await request("PATCH", namePath(document, before), { ...(name === before ? {} : { name }), note });
}

export async function removeName(document: string, name: string): Promise<void> {
  await request("DELETE", namePath(document, name));
}

const namesPath = (document: string): string => `${documentPath(document)}/versions`;

const namePath = (document: string, name: string): string => `${namesPath(document)}/${encodeURIComponent(name)}`;

function readNamed(value: unknown): NamedVersion {
  const by = field(value, "created_by");
  return {
    version: number(value, "version"),
    name: text(value, "name"),
    note: text(value, "note"),
    isAutomatic: isTrue(value, "automatic"),
    by: { id: text(by, "id"), name: text(by, "name") },
    at: time(value, "at"),
  };
}
