/** What a document notes for its device, in the order in which it happens. */

import type { PendingEdit, Submission } from "../provider/pending";

/** In place of an epoch: the document does not exist yet. What was written fits every history. */
export const NO_HISTORY = "";

export type DeviceRecord =
  /** An edit of the user, not sent yet. */
  | { readonly kind: "edited"; readonly edit: PendingEdit }
  /** The edits `keys` are submissions from here on. */
  | { readonly kind: "submitted"; readonly keys: readonly number[]; readonly submissions: readonly Submission[] }
  /** Acknowledged as this version. */
  | { readonly kind: "accepted"; readonly key: number; readonly version: number; readonly update: Uint8Array }
  /** Acknowledged, and part of another version. */
  | { readonly kind: "settled"; readonly key: number }
  /** Versions `from`..`to` of the log; everything before has come. */
  | { readonly kind: "range"; readonly from: number; readonly to: number; readonly update: Uint8Array }
  /** The whole document at `version`. */
  | { readonly kind: "state"; readonly version: number; readonly state: Uint8Array }
  /** The user gives all pending edits up. */
  | { readonly kind: "renounced" };
