/** Documents over HTTP: what they are, and new ones. */

import { anotherName, documentNameFrom } from "../names";
import type { Role } from "../protocol";
import { field, isTrue, list, number, role, text, time } from "./read";
import { ApiError, attempt, request } from "./request";

export interface DocumentInfo {
  readonly name: string;
  readonly title: string;
  /** Whether the title is the text's own; otherwise somebody has set it, or there is none. */
  readonly titleDerived: boolean;
  readonly version: number;
  readonly textRoot: string;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** Of whoever asked; null if the server does not say. */
  readonly role: Role | null;
  /** Whether an operator lets nobody edit it. */
  readonly readOnly: boolean;
}

export interface NewDocument {
  readonly name?: string;
  readonly title?: string;
  readonly text?: string;
}

export const documentPath = (name: string): string => `documents/${encodeURIComponent(name)}`;

export async function createDocument(made: NewDocument): Promise<DocumentInfo> {
  return readDocument(await request("POST", "documents", made));
}

/** Create a document under a title in any script. A name that is taken gets a suffix, so it is always new. */
export async function createTitled(title: string): Promise<DocumentInfo> {
  const name = documentNameFrom(title);
  if (name === null) return createDocument(title === "" ? {} : { title });
  const named = title === name ? {} : { title };
  try {
    return await createDocument({ name, ...named });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "name_taken") throw error;
    return createDocument({ name: anotherName(name, Math.random), title });
  }
}

export async function listDocuments(): Promise<DocumentInfo[]> {
  return list(await request("GET", "documents?limit=50"), "documents").map(readDocument);
}

export async function getDocument(name: string): Promise<DocumentInfo> {
  return readDocument(await request("GET", documentPath(name)));
}

/** Set the title; an empty one is the text's own again. */
export async function renameDocument(name: string, title: string): Promise<DocumentInfo> {
  return readDocument(await request("PATCH", documentPath(name), { title }));
}

/** Whether whoever asks may read the document. */
export async function isReadable(name: string): Promise<boolean> {
  const error = await attempt(() => getDocument(name));
  if (error === null) return true;
  if ([401, 403, 404].includes(error.status)) return false;
  throw error;
}

export function readDocument(value: unknown): DocumentInfo {
  return {
    name: text(value, "name"),
    title: text(value, "title"),
    titleDerived: isTrue(value, "title_derived"),
    version: number(value, "version"),
    textRoot: text(value, "text_root"),
    updatedAt: time(value, "updated_at"),
    role: role(field(value, "role")),
    readOnly: isTrue(value, "read_only"),
  };
}
