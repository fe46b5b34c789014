/** Who the user of this browser is, over HTTP. */

import type { User } from "../protocol";
import { takeSession } from "./ahead";
import { field, isTrue, list, text, time, timeOrNull, user } from "./read";
import { answerOf, request } from "./request";

export type Mode = "open" | "accounts" | "oidc" | "jwt";
export type SignInMethod = "password" | "oidc";

/** The answer to the question who asks. */
export interface Identity {
  readonly mode: Mode;
  /** Null: nobody, as far as the server knows. */
  readonly user: User | null;
  /** How that is proven: `guest`, `account`, `oidc` … */
  readonly kind: string;
  readonly signedIn: boolean;
  readonly operator: boolean;
  /** When the session ends: milliseconds since 1970, or null for a guest's. */
  readonly expiresAt: number | null;
  readonly signIn: readonly SignInMethod[];
  /** The provider's name on the button, or empty. */
  readonly providerLabel: string;
  readonly mayCreate: boolean;
}

/** A place where somebody is signed in. */
export interface WebSession {
  readonly id: string;
  readonly current: boolean;
  /** The `User-Agent` that the browser sent when it signed in. */
  readonly agent: string;
  readonly address: string;
  readonly createdAt: number;
  readonly seenAt: number;
}

export async function getIdentity(): Promise<Identity> {
  const asked = await takeSession();
  return readIdentity(await (asked === null ? request("GET", "session") : answerOf(asked)));
}

/** Become a guest, or stay the one that this browser is. */
export async function becomeGuest(name: string | null): Promise<Identity> {
  return readIdentity(await request("POST", "session/guest", name === null ? {} : { name }));
}

export async function renameUser(name: string): Promise<Identity> {
  return readIdentity(await request("PATCH", "session", { name }));
}

export async function recolorUser(color: string): Promise<Identity> {
  return readIdentity(await request("PATCH", "session", { color }));
}

export async function signIn(login: string, password: string): Promise<Identity> {
  return readIdentity(await request("POST", "session", { login, password }));
}

export async function signOut(): Promise<void> {
  await request("DELETE", "session");
}

export async function signOutEverywhere(): Promise<void> {
  await request("DELETE", "sessions");
}

/** Sign out of one browser. */
export async function endSession(id: string): Promise<void> {
  await request("DELETE", `sessions/${encodeURIComponent(id)}`);
}

export async function listSessions(): Promise<WebSession[]> {
  return list(await request("GET", "sessions"), "sessions").map((value) => ({
    id: text(value, "id"),
    current: isTrue(value, "current"),
    agent: text(value, "agent"),
    address: text(value, "address"),
    createdAt: time(value, "created_at"),
    seenAt: time(value, "seen_at"),
  }));
}

export async function changePassword(current: string, next: string): Promise<void> {
  await request("POST", "account/password", { current, new: next });
}

/** A single-use ticket for one connection to `document`. */
export async function getTicket(document: string): Promise<string> {
  return text(await request("POST", "tickets", { document }), "ticket");
}

/** Exchange the secret of a share link; returns the name of its document. */
export async function redeemLink(secret: string): Promise<string> {
  return text(await request("POST", "links/redeem", { secret }), "document");
}

const MODES: readonly string[] = ["open", "accounts", "oidc", "jwt"] satisfies Mode[];

export function readIdentity(value: unknown): Identity {
  const mode = text(value, "mode");
  const methods = list(value, "sign_in");
  return {
    mode: MODES.includes(mode) ? (mode as Mode) : "open",
    user: user(field(value, "user")),
    kind: text(value, "kind"),
    signedIn: isTrue(value, "signed_in"),
    operator: isTrue(value, "operator"),
    expiresAt: timeOrNull(value, "expires_at"),
    signIn: (["password", "oidc"] as const).filter((method) => methods.includes(method)),
    providerLabel: text(value, "oidc_label"),
    mayCreate: isTrue(value, "may_create"),
  };
}
