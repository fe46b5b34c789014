/** Entries of the audit trail, as operators see them. Pure: no answer throws, whatever is in it. */

import { field, list, number, text, time } from "../api/read";

export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly kind: string;
  /** Empty: nobody was known. */
  readonly user: string;
  readonly address: string;
  /** What was done, as `name=value` with spaces between. */
  readonly detail: string;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Where the next page begins; null: this one is the last. */
  readonly next: number | null;
}

export function readAuditPage(value: unknown): AuditPage {
  const next = field(value, "next");
  return { entries: list(value, "entries").map(readEntry), next: typeof next === "number" ? next : null };
}

function readEntry(value: unknown): AuditEntry {
  const detail = field(value, "detail");
  const pairs = typeof detail === "object" && detail !== null ? Object.entries(detail) : [];
  return {
    id: number(value, "id"),
    atMs: time(value, "at"),
    kind: text(value, "kind"),
    user: text(field(value, "user"), "name") || text(field(value, "user"), "id"),
    address: text(value, "address"),
    detail: pairs.map(([name, each]) => `${name}=${typeof each === "string" ? each : JSON.stringify(each)}`).join(" "),
  };
}
