/** Who may do what in a document, over HTTP. */

import type { Role, User } from "../protocol";
import { documentPath } from "./documents";
import { field, list, role, text, time, timeOrNull, user } from "./read";
import { request } from "./request";

export interface Grant {
  readonly user: User;
  readonly role: Role;
}

export interface Access {
  readonly owner: User | null;
  readonly everyone: Role | null;
  readonly signedIn: Role | null;
  readonly users: readonly Grant[];
}

export interface ShareLink {
  readonly id: string;
  readonly role: Role;
  /** With the secret in it: only just after the link was made, null later. */
  readonly url: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** One who can be given a role: a user, whoever has signed in, or whoever comes. */
export type Subject = "everyone" | "signed-in" | `user:${string}`;

const accessPath = (document: string): string => `${documentPath(document)}/access`;
const linksPath = (document: string): string => `${documentPath(document)}/links`;

export async function getAccess(document: string): Promise<Access> {
  const answer = await request("GET", accessPath(document));
  return {
    owner: user(field(answer, "owner")),
    everyone: role(field(answer, "everyone")),
    signedIn: role(field(answer, "signed_in")),
    users: list(answer, "users").flatMap((value) => {
      const [who, what] = [user(field(value, "user")), role(field(value, "role"))];
      return who === null || what === null ? [] : [{ user: who, role: what }];
    }),
  };
}

/** Give `subject` a role, or (null) take away the one it has. */
export async function setAccess(document: string, subject: Subject, given: Role | null): Promise<void> {
  const path = `${accessPath(document)}/${encodeURIComponent(subject)}`;
  if (given === null) await request("DELETE", path);
  else await request("PUT", path, { role: given });
}

export async function listLinks(document: string): Promise<ShareLink[]> {
  return list(await request("GET", linksPath(document)), "links").map(readLink);
}

export async function createLink(
  document: string,
  given: Role,
  expiresAt: number | null,
): Promise<ShareLink> {
  const expiry = expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() };
  return readLink(await request("POST", linksPath(document), { role: given, ...expiry }));
}

export async function revokeLink(document: string, id: string): Promise<void> {
  await request("DELETE", `${linksPath(document)}/${encodeURIComponent(id)}`);
}

function readLink(value: unknown): ShareLink {
  return {
    id: text(value, "id"),
    role: role(field(value, "role")) ?? "viewer",
    url: text(value, "url") || null,
    createdAt: time(value, "created_at"),
    expiresAt: timeOrNull(value, "expires_at"),
  };
}
