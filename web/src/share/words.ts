/** Roles, expiry and access in words. Pure. */

import type { Access } from "../api/access";
import { locale, words } from "../language/language";
import type { Role } from "../protocol";

/** The roles to choose from; one that is there already is offered too. */
export function rolesToOffer(current: Role | null): readonly Role[] {
  const usual: readonly Role[] = ["viewer", "editor"];
  return current === null || usual.includes(current) ? usual : [...usual, current];
}

const DAY_MS = 86_400_000;

export const EXPIRIES = [
  ["always", null],
  ["day", 1],
  ["week", 7],
  ["month", 30],
] as const satisfies readonly (readonly [id: string, days: number | null])[];

/** When a link that is made `now` ends; null: never. */
export const expiryAt = (days: number | null, now: number): number | null =>
  days === null ? null : now + days * DAY_MS;

/** How long something still works. */
export function untilWords(expiresAt: number | null, now: number): string {
  if (expiresAt === null) return words().share.untilRevoked;
  const left = expiresAt - now;
  if (left <= 0) return words().share.expired;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "always" });
  if (left < 2 * 3_600_000) return words().share.ends(format.format(Math.max(1, Math.round(left / 60_000)), "minute"));
  if (left < 2 * DAY_MS) return words().share.ends(format.format(Math.round(left / 3_600_000), "hour"));
  return words().share.ends(format.format(Math.round(left / DAY_MS), "day"));
}

/** Who may do what, in one sentence. */
export function accessWords({ everyone, signedIn, users }: Access, mode: string): string {
  const { anyoneReads, anyoneWrites, signedInRead, signedInWrite, onlyOwner, onlyPeople } = words().share;
  const all = mode === "open" ? (signedIn ?? everyone) : everyone;
  if (all !== null) return mayWrite(all) ? anyoneWrites : anyoneReads;
  if (signedIn !== null) return mayWrite(signedIn) ? signedInWrite : signedInRead;
  return users.length === 0 ? onlyOwner : onlyPeople;
}

const mayWrite = (role: Role): boolean => role === "owner" || role === "editor";

/** What somebody who is not the owner is told. */
export const ownAccessWords = (role: Role): string =>
  mayWrite(role) ? words().share.youWrite : words().share.youRead;
