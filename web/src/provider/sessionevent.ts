/** What a document session is told, what it asks for, and what there is to show of it. Types alone. */

import type { DeviceRecord } from "../device/record";
import type { ClientMessage, Member, Role, ServerMessage, User } from "../protocol";
import type { StopCause, StopReason } from "./admission";
import type { Merge, PendingEdit, Split } from "./pending";

export type Phase = "offline" | "authenticating" | "joining" | "absent" | "live" | "stopped";

/** Why the server's state takes the place of this tab's. */
export type ReplaceReason = "epoch" | "diverged" | DiscardReason;

/**
 * Why edits that the server does not have are given up: it refuses one, the document has no room
 * for it, or the user says so.
 */
export type DiscardReason = "refused" | "full" | "given-up";

export interface Stopped {
  readonly cause: StopCause;
  readonly reason: StopReason;
  /** What the server said about `other`. */
  readonly detail?: string;
}

export type SessionEvent =
  /** The replica holds what this device had of the document, up to `version`. First of all events. */
  | {
      readonly type: "restored";
      readonly epoch: string;
      readonly version: number;
      readonly role: Role;
      readonly maxChars: number | null;
    }
  /** Pending edits of a tab that is gone; they are in the replica already. */
  | { readonly type: "adopted"; readonly epoch: string; readonly edits: readonly PendingEdit[] }
  /** The page slept, or came back into view: the socket may be dead although it looks open. */
  | { readonly type: "woke" }
  /** The socket is open; `token` is the ticket for it. */
  | { readonly type: "opened"; readonly token: string }
  /** Another ticket, so that the session on this socket does not end. */
  | { readonly type: "refreshed"; readonly token: string }
  | { readonly type: "closed" }
  /** The connection will not be tried again. */
  | { readonly type: "gave_up"; readonly stopped: Stopped }
  /** The user wants to try again after all. */
  | { readonly type: "resumed" }
  | { readonly type: "received"; readonly message: ServerMessage }
  /** The user changed the replica; `update` is that one transaction. */
  | { readonly type: "edited"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  /** Answer to `encode_since`. */
  | { readonly type: "encoded"; readonly update: Uint8Array }
  /** Answer to `hash`. */
  | { readonly type: "hashed"; readonly version: number; readonly hash: string }
  /** The user wants the document to exist, before anything is written. */
  | { readonly type: "create_asked" }
  /** The user wants the server's text instead of edits that it does not take. */
  | { readonly type: "given_up" }
  | { readonly type: "tick" };

export type SessionEffect =
  | { readonly type: "send"; readonly message: ClientMessage }
  /** Merge into the replica. */
  | { readonly type: "apply"; readonly update: Uint8Array }
  /** Keep a copy of the text if it differs, and begin a new replica from `state`; `lost` was pending. */
  | {
      readonly type: "replace";
      readonly state: Uint8Array;
      readonly reason: ReplaceReason;
      readonly lost: readonly Uint8Array[];
    }
  /** For the device, to be written in this order. */
  | { readonly type: "record"; readonly epoch: string; readonly record: DeviceRecord }
  /** The server has the first `edits` edits that the user made here, the last of them as `version`. */
  | { readonly type: "stored"; readonly edits: number; readonly version: number }
  /** Encode what the replica has beyond `stateVector`; answer at once with `encoded`. */
  | { readonly type: "encode_since"; readonly stateVector: Uint8Array }
  /** Hash the text as it is now; answer with `hashed`. */
  | { readonly type: "hash"; readonly version: number }
  /** Membership is fresh: send the local awareness state. */
  | { readonly type: "announce" }
  | { readonly type: "apply_awareness"; readonly update: Uint8Array }
  /** The others' cursors are unknown from here on. */
  | { readonly type: "forget_awareness" }
  /** From now on author under a fresh CRDT client id. */
  | { readonly type: "author_anew" }
  /** Close the socket and open another one. */
  | { readonly type: "reconnect" }
  /** Close the socket for good. */
  | { readonly type: "close" };

/** What there is to show. */
export interface SessionView {
  readonly phase: Phase;
  readonly loaded: boolean;
  /** The document does not exist yet; it is created with the first edit. */
  readonly absent: boolean;
  readonly version: number;
  readonly epoch: string | null;
  readonly pending: number;
  readonly role: Role | null;
  /** The length that a document may have, in code points; null while that is not known. */
  readonly maxChars: number | null;
  /** A round trip is under way that shows whether the connection is alive. */
  readonly doubted: boolean;
  /** Edits of a time without connection are on their way. */
  readonly syncing: boolean;
  /** The server has said that it cannot store for the moment. */
  readonly storeTrouble: boolean;
  readonly stopped: Stopped | null;
  readonly user: User | null;
  readonly session: string | null;
  readonly members: readonly Member[];
}

export interface SessionOptions {
  readonly document: string;
  /** Makes this tab's edit ids unique: random, up to 40 of `[A-Za-z0-9._-]`. */
  readonly tag: string;
  readonly merge: Merge;
  readonly split: Split;
}
