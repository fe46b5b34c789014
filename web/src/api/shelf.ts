/** Lists of documents, how the user keeps them, the trash, and search, over HTTP. */

import { documentPath, readDocument, type DocumentInfo } from "./documents";
import { field, isTrue, list, number, text, timeOrNull } from "./read";
import { request } from "./request";

export interface ListedDocument extends DocumentInfo {
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly isTemplate: boolean;
  /** Milliseconds since 1970; null: never, or too long ago. */
  readonly openedAt: number | null;
  /** Null unless it is in the trash. */
  readonly deletedAt: number | null;
}

/** A place in a text, in UTF-16 units. */
export interface Hit {
  readonly pos: number;
  readonly len: number;
}

export interface Excerpt {
  readonly text: string;
  readonly hits: readonly Hit[];
}

export interface Finding {
  readonly document: ListedDocument;
  readonly titleHits: readonly Hit[];
  readonly excerpts: readonly Excerpt[];
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** What the next page is asked for with; null: there is none. */
  readonly next: string | null;
}

export interface CountedTag {
  readonly tag: string;
  readonly count: number;
}

/** @param query of the list: `show`, `sort`, `tag`, `limit` */
export async function listPage(query: URLSearchParams, next: string | null): Promise<Page<ListedDocument>> {
  const asked = new URLSearchParams(query);
  if (next !== null) asked.set("before", next);
  const answer = await request("GET", `documents?${asked}`);
  return { entries: list(answer, "documents").map(readListed), next: text(answer, "next") || null };
}

export async function searchPage(words: string, next: string | null): Promise<Page<Finding>> {
  const query = new URLSearchParams({ q: words, limit: "20", position_encoding: "utf-16" });
  if (next !== null) query.set("cursor", next);
  const answer = await request("GET", `search?${query}`);
  return { entries: list(answer, "results").map(readFinding), next: text(answer, "next") || null };
}

export async function listTags(): Promise<CountedTag[]> {
  const tags = list(await request("GET", "tags"), "tags");
  return tags.map((each) => ({ tag: text(each, "tag"), count: number(each, "count") }));
}

/** The document is opened now: it leads the list of recent ones, on every device of the user. */
export const noteOpened = (name: string): Promise<unknown> => request("PUT", `${documentPath(name)}/opened`);

export const setPinned = (name: string, pinned: boolean): Promise<unknown> =>
  request(pinned ? "PUT" : "DELETE", `${documentPath(name)}/pin`);

export async function setTags(name: string, tags: readonly string[]): Promise<string[]> {
  const answer = await request("PUT", `${documentPath(name)}/tags`, { tags });
  return list(answer, "tags").filter((tag) => typeof tag === "string");
}

export const setTemplate = (name: string, isTemplate: boolean): Promise<unknown> =>
  request(isTemplate ? "PUT" : "DELETE", `${documentPath(name)}/template`);

export const duplicateDocument = async (name: string, title: string): Promise<DocumentInfo> =>
  readDocument(await request("POST", `${documentPath(name)}/duplicate`, { title }));

export const trashDocument = (name: string): Promise<unknown> => request("DELETE", documentPath(name));

export const recoverDocument = (name: string): Promise<unknown> =>
  request("POST", `trash/${encodeURIComponent(name)}/restore`);

export const purgeDocument = (name: string): Promise<unknown> =>
  request("DELETE", `trash/${encodeURIComponent(name)}`);

function readListed(value: unknown): ListedDocument {
  return {
    ...readDocument(value),
    pinned: isTrue(value, "pinned"),
    tags: list(value, "tags").filter((tag) => typeof tag === "string"),
    isTemplate: isTrue(value, "template"),
    openedAt: timeOrNull(value, "opened_at"),
    deletedAt: timeOrNull(value, "deleted_at"),
  };
}

function readFinding(value: unknown): Finding {
  return {
    document: readListed(field(value, "document")),
    titleHits: list(value, "title_hits").map(readHit),
    excerpts: list(value, "excerpts").map((each) => ({
      text: text(each, "text"),
      hits: list(each, "hits").map(readHit),
    })),
  };
}

const readHit = (value: unknown): Hit => ({ pos: number(value, "pos"), len: number(value, "len") });
