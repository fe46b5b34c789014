/** The HTTP API, as far as the editor uses it. */

import { basePath } from "./base";
import { mergeEvents, type HistoryEvent } from "./history/group";

export interface DocumentInfo {
  readonly name: string;
  readonly title: string;
  /** Whether the title is the text's own; otherwise somebody has set it, or there is none. */
  readonly titleDerived: boolean;
  readonly version: number;
  readonly textRoot: string;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** What the server answered instead, in words for the user. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class Api {
  /** @param userName whose name goes with each request, while names are not proven */
  constructor(private readonly userName: () => string) {}

  async createDocument(name: string | null, title: string | null): Promise<DocumentInfo> {
    const body = { ...(name === null ? {} : { name }), ...(title === null ? {} : { title }) };
    return readDocument(await this.request("POST", documentsPath(), body));
  }

  async listDocuments(): Promise<DocumentInfo[]> {
    const answer = await this.request("GET", `${documentsPath()}?limit=50`);
    return fieldList(answer, "documents").map(readDocument);
  }

  async document(name: string): Promise<DocumentInfo> {
    return readDocument(await this.request("GET", documentPath(name)));
  }

  /** Events before version `before` (or the newest), newest first; `more` if there are earlier. */
  async history(
    name: string,
    before: number | null,
  ): Promise<{ events: HistoryEvent[]; more: boolean }> {
    const query = new URLSearchParams({ order: "desc", limit: "200" });
    if (before !== null) query.set("before", String(before));
    const answer = await this.request("GET", `${documentPath(name)}/history?${query}`);
    const events = mergeEvents(fieldList(answer, "events").map(readEvent), []);
    return { events, more: (events[events.length - 1]?.version ?? 1) > 1 };
  }

  async version(name: string, version: number): Promise<{ event: HistoryEvent; text: string }> {
    const answer = await this.request("GET", `${documentPath(name)}/history/${version}`);
    return { event: readEvent(field(answer, "event")), text: text(answer, "text") };
  }

  /** Bring the text of `version` back; returns the version that does. */
  async restore(name: string, version: number, id: string): Promise<number> {
    const answer = await this.request("POST", `${documentPath(name)}/restore`, { version, id });
    return number(answer, "version");
  }

  private async request(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        "X-Quire-Name": encodeURIComponent(this.userName()),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new ApiError(0, "The server cannot be reached.");
    });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, problem(answer, response.status));
    return answer;
  }
}

const documentsPath = (): string => `${basePath()}api/documents`;

const documentPath = (name: string): string => `${documentsPath()}/${encodeURIComponent(name)}`;

/** The words of an RFC 9457 problem document. */
function problem(answer: unknown, status: number): string {
  for (const key of ["detail", "title"]) {
    const value = field(answer, key);
    if (typeof value === "string" && value !== "") return value;
  }
  return `The server answered with an error (${status}).`;
}

function readDocument(value: unknown): DocumentInfo {
  return {
    name: text(value, "name"),
    title: text(value, "title"),
    titleDerived: field(value, "title_derived") === true,
    version: number(value, "version"),
    textRoot: text(value, "text_root"),
    updatedAt: time(field(value, "updated_at")),
  };
}

function readEvent(value: unknown): HistoryEvent {
  const actor = field(value, "actor");
  return {
    version: number(value, "version"),
    type: text(value, "type"),
    at: time(field(value, "at")),
    actor: { id: text(actor, "id"), name: text(actor, "name") },
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function fieldList(value: unknown, name: string): unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

function number(value: unknown, name: string): number {
  const found = field(value, name);
  return typeof found === "number" ? found : 0;
}

function time(value: unknown): number {
  const at = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? 0 : at;
}
