/** The right to open one connection, as whoever gives out tickets answers. Pure. */

export type Admission =
  /** `expiresAt`: when the session behind it ends, in milliseconds since 1970; null: never. */
  | { readonly kind: "ticket"; readonly token: string; readonly expiresAt: number | null }
  /** Nobody is signed in any more. */
  | { readonly kind: "signed-out" }
  /** Not for this document, if there is one. */
  | { readonly kind: "refused" }
  /** Not now. */
  | { readonly kind: "later"; readonly afterMs: number };

export type Ticket = Extract<Admission, { kind: "ticket" }>;

/** Why a connection is not tried again by itself. */
export type StopCause = "signed-out" | "refused" | "broken";

/** What is said about it: a key of the catalogue (`saving.stopped`). */
export type StopReason = "signedOut" | "noDocument" | "badName" | "tooLarge" | "badMessage" | "other";

/** @param again for a connection that is open */
export type Admit = (again?: boolean) => Promise<Admission>;

const LONGEST_MARGIN_MS = 5 * 60_000;
export const SHORTEST_WAIT_MS = 10_000;

/**
 * When a connection asks for another ticket, so that its session does not end under it: a while
 * before the end, and never in quick succession. Null for a session that does not end.
 */
export function refreshTime(expiresAt: number | null, now: number): number | null {
  if (expiresAt === null) return null;
  const margin = Math.min(LONGEST_MARGIN_MS, (expiresAt - now) / 5);
  return Math.max(expiresAt - margin, now + SHORTEST_WAIT_MS);
}
