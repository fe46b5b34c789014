/** Fields of JSON answers. What is missing or of another type reads as empty, so no answer throws. */

import type { Role, User } from "../protocol";

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

export function list(value: unknown, name: string): unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}

export function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

export function number(value: unknown, name: string): number {
  const found = field(value, name);
  return typeof found === "number" ? found : 0;
}

export const isTrue = (value: unknown, name: string): boolean => field(value, name) === true;

/** Milliseconds since 1970, of an ISO 8601 time; null if there is none. */
export function timeOrNull(value: unknown, name: string): number | null {
  const found = field(value, name);
  const at = typeof found === "string" ? Date.parse(found) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** Milliseconds since 1970, of an ISO 8601 time; 0 if there is none. */
export const time = (value: unknown, name: string): number => timeOrNull(value, name) ?? 0;

/** A user, or null if `value` names none. */
export function user(value: unknown): User | null {
  const id = text(value, "id");
  if (id === "") return null;
  return { id, name: text(value, "name"), color: text(value, "color") };
}

const ROLES: readonly string[] = ["owner", "editor", "commenter", "viewer"] satisfies Role[];

/** A role, or null for none and for one that this page does not know. */
export function role(value: unknown): Role | null {
  return typeof value === "string" && ROLES.includes(value) ? (value as Role) : null;
}
