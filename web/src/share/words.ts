/** Roles, expiry and access in words. Pure. */

import type { Access } from "../api/access";
import type { Role } from "../protocol";

/** What a role lets one do. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  owner: "Owner",
  editor: "Can edit",
  commenter: "Can comment",
  viewer: "Can view",
};

/** The roles to choose from; one that is there already is offered too. */
export function rolesToOffer(current: Role | null): readonly Role[] {
  const usual: readonly Role[] = ["viewer", "editor"];
  return current === null || usual.includes(current) ? usual : [...usual, current];
}

const DAY_MS = 86_400_000;

export const EXPIRIES: readonly (readonly [words: string, days: number | null])[] = [
  ["Works until revoked", null],
  ["Works for a day", 1],
  ["Works for a week", 7],
  ["Works for 30 days", 30],
];

/** When a link that is made `now` ends; null: never. */
export const expiryAt = (days: number | null, now: number): number | null =>
  days === null ? null : now + days * DAY_MS;

/** How long something still works. */
export function untilWords(expiresAt: number | null, now: number): string {
  if (expiresAt === null) return "until revoked";
  const left = expiresAt - now;
  if (left <= 0) return "expired";
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "always" });
  if (left < 2 * 3_600_000) return `ends ${format.format(Math.max(1, Math.round(left / 60_000)), "minute")}`;
  if (left < 2 * DAY_MS) return `ends ${format.format(Math.round(left / 3_600_000), "hour")}`;
  return `ends ${format.format(Math.round(left / DAY_MS), "day")}`;
}

/** Who may do what, in one sentence. */
export function accessWords({ everyone, signedIn, users }: Access, mode: string): string {
  const all = mode === "open" ? (signedIn ?? everyone) : everyone;
  if (all !== null) return `Anyone who has the address ${doing(all)}.`;
  if (signedIn !== null) return `Everyone who is signed in ${doing(signedIn)}.`;
  const few = users.length === 0 ? "Only its owner" : "Only the people above";
  return `${few}, and whoever is given a link.`;
}

const doing = (role: Role): string => (role === "viewer" || role === "commenter" ? "can read it" : "can change it");

/** What somebody who is not the owner is told. */
export function ownAccessWords(role: Role): string {
  const may = role === "editor" ? "You can change this document." : "You can read this document.";
  return `${may} Its owner decides who else can.`;
}
