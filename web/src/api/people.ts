/** The users of this server and the invitations to it, over HTTP. */

import type { User } from "../protocol";
import { readIdentity, type Identity } from "./session";
import { isTrue, list, text, time, timeOrNull, user } from "./read";
import { request } from "./request";

export interface Person {
  readonly user: User;
  readonly login: string;
  readonly kind: string;
  readonly operator: boolean;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly seenAt: number | null;
}

export interface Invitation {
  readonly id: string;
  readonly operator: boolean;
  /** `join`, or `reset` for a new password. */
  readonly kind: string;
  /** With the secret in it: only just after it was made, null later. */
  readonly url: string | null;
  readonly expiresAt: number | null;
}

/** Users whose name is like `query`, for sharing with them. */
export async function searchUsers(query: string): Promise<User[]> {
  const answer = await request("GET", `users?${new URLSearchParams({ q: query })}`);
  return list(answer, "users").flatMap((value) => user(value) ?? []);
}

export interface PeoplePage {
  readonly people: readonly Person[];
  /** The place where the next page begins; null: there is none. */
  readonly next: string | null;
}

/** @param after `next` of the page before; null for the first one */
export async function listPeople(after: string | null): Promise<PeoplePage> {
  const query = after === null ? "" : `?${new URLSearchParams({ after })}`;
  const answer = await request("GET", `users${query}`);
  const people = list(answer, "users").flatMap((value) => {
    const who = user(value);
    if (who === null) return [];
    return [
      {
        user: who,
        login: text(value, "login"),
        kind: text(value, "kind"),
        operator: isTrue(value, "operator"),
        disabled: isTrue(value, "disabled"),
        createdAt: time(value, "created_at"),
        seenAt: timeOrNull(value, "seen_at"),
      },
    ];
  });
  return { people, next: text(answer, "next") || null };
}

export async function changePerson(
  id: string,
  change: { readonly operator?: boolean; readonly disabled?: boolean },
): Promise<void> {
  await request("PATCH", `users/${encodeURIComponent(id)}`, change);
}

export async function listInvitations(): Promise<Invitation[]> {
  return list(await request("GET", "invitations"), "invitations").map(readInvitation);
}

export async function createInvitation(operator: boolean, days: number): Promise<Invitation> {
  const body = { operator, expires_in_days: days };
  return readInvitation(await request("POST", "invitations", body));
}

export async function revokeInvitation(id: string): Promise<void> {
  await request("DELETE", `invitations/${encodeURIComponent(id)}`);
}

export interface FoundInvitation {
  readonly kind: "join" | "reset";
  readonly operator: boolean;
  /** Whose password is reset; empty if it is for a new user. */
  readonly login: string;
}

/** The invitation of a link, if it can still be used. */
export async function findInvitation(secret: string): Promise<FoundInvitation> {
  const answer = await request("POST", "invitations/check", { secret });
  return {
    kind: text(answer, "kind") === "reset" ? "reset" : "join",
    operator: isTrue(answer, "operator"),
    login: text(answer, "login"),
  };
}

export interface NewAccount {
  readonly login: string;
  readonly name: string;
  readonly password: string;
}

/** Use an invitation: a new account, or (a reset) only a new password. */
export async function acceptInvitation(
  secret: string,
  account: NewAccount | { readonly password: string },
): Promise<Identity> {
  return readIdentity(await request("POST", "invitations/accept", { secret, ...account }));
}

function readInvitation(value: unknown): Invitation {
  return {
    id: text(value, "id"),
    operator: isTrue(value, "operator"),
    kind: text(value, "kind") || "join",
    url: text(value, "url") || null,
    expiresAt: timeOrNull(value, "expires_at"),
  };
}
