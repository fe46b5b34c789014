/**
 * The messages of `quire.v1` that a yjs-mode client sends and receives, and their JSON form.
 *
 * Decoding never throws on what a server sent: a frame that is no message, or one of a type that
 * this client does not know, is `null` and is ignored. The server's side of the same wire is
 * `sync/wire/message.py`; both are held to `tests/vectors/protocol.json`.
 */

import { decodeBase64, encodeBase64 } from "./bytes";

export const SUBPROTOCOL = "quire.v1.json";

export type Role = "owner" | "editor" | "commenter" | "viewer";
export type Mode = "text" | "yjs";

export interface User {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb`, chosen by the server. */
  readonly color: string;
}

export interface Member {
  readonly session: string;
  readonly user: User;
}

export interface Limits {
  readonly max_message_bytes: number;
  readonly max_document_chars: number;
}

export type ClientMessage =
  | { readonly type: "auth"; readonly token: string }
  | {
      readonly type: "join";
      readonly doc: string;
      readonly mode: Mode;
      readonly since?: number;
      readonly epoch?: string;
      /** False: a document that does not exist is not created. */
      readonly create?: boolean;
    }
  | { readonly type: "leave"; readonly doc: string }
  | { readonly type: "update"; readonly doc: string; readonly id: string; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly doc: string; readonly update: Uint8Array }
  | { readonly type: "check"; readonly doc: string; readonly version: number; readonly hash: string }
  | { readonly type: "ping"; readonly nonce?: string | number };

export const ERROR_CODES = [
  "invalid_json",
  "invalid_message",
  "unknown_type",
  "auth_required",
  "auth_failed",
  "forbidden",
  "not_joined",
  "unknown_document",
  "not_created",
  "base_unknown",
  "out_of_range",
  "duplicate_id",
  "too_large",
  "rate_limited",
  "document_full",
  "malformed_update",
  "read_only",
  "store_unavailable",
] as const;

export interface ErrorReport {
  readonly type: "error";
  /** One of `ERROR_CODES`, or one that a newer server has added. */
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly doc?: string;
  readonly id?: string;
  readonly retry_after_s?: number;
}

export interface Joined {
  readonly type: "joined";
  readonly doc: string;
  readonly epoch: string;
  readonly version: number;
  readonly role: Role;
  readonly recovered: boolean;
  readonly members: readonly Member[];
  readonly state?: Uint8Array;
}

export type ServerMessage =
  | { readonly type: "auth_ok"; readonly session: string; readonly user: User; readonly limits: Limits }
  | Joined
  | {
      readonly type: "updates";
      readonly doc: string;
      readonly from: number;
      readonly to: number;
      readonly update: Uint8Array;
    }
  | {
      readonly type: "ack";
      readonly doc: string;
      readonly id: string;
      readonly version: number;
      readonly changed: boolean;
    }
  | { readonly type: "awareness"; readonly doc: string; readonly update: Uint8Array }
  | { readonly type: "member_joined" | "member_left"; readonly doc: string; readonly session: string; readonly user: User }
  | { readonly type: "role"; readonly doc: string; readonly role: Role }
  | { readonly type: "resync"; readonly doc: string; readonly state_vector: Uint8Array }
  | { readonly type: "checked"; readonly doc: string; readonly version: number; readonly hash: string | null }
  | { readonly type: "diverged"; readonly doc: string; readonly version: number; readonly state: Uint8Array }
  | ErrorReport
  | { readonly type: "pong"; readonly at: string; readonly nonce?: string | number };

/** One text frame. */
export function encodeMessage(message: ClientMessage): string {
  return JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? encodeBase64(value) : value,
  );
}

/** What the server said, or null if this client cannot make sense of it. */
export function decodeMessage(frame: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  if (!isFields(value)) return null;
  const type = value["type"];
  if (typeof type !== "string" || !Object.hasOwn(DECODERS, type)) return null;
  try {
    return DECODERS[type]?.(new Reader(value)) ?? null;
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

class Unreadable extends Error {}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads the fields of one message; throws `Unreadable`, which `decodeMessage` turns into null. */
class Reader {
  constructor(private readonly fields: Fields) {}

  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  string(name: string): string {
    const value = this.fields[name];
    if (typeof value !== "string") throw new Unreadable(name);
    return value;
  }

  count(name: string): number {
    const value = this.fields[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw new Unreadable(name);
    }
    return value;
  }

  number(name: string): number {
    const value = this.fields[name];
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Unreadable(name);
    return value;
  }

  boolean(name: string): boolean {
    const value = this.fields[name];
    if (typeof value !== "boolean") throw new Unreadable(name);
    return value;
  }

  bytes(name: string): Uint8Array {
    const bytes = decodeBase64(this.string(name));
    if (bytes === null) throw new Unreadable(name);
    return bytes;
  }

  object(name: string): Reader {
    const value = this.fields[name];
    if (!isFields(value)) throw new Unreadable(name);
    return new Reader(value);
  }

  list(name: string): Reader[] {
    const value = this.fields[name];
    if (!Array.isArray(value)) throw new Unreadable(name);
    return value.map((entry: unknown) => {
      if (!isFields(entry)) throw new Unreadable(name);
      return new Reader(entry);
    });
  }

  user(): User {
    const user = this.object("user");
    return { id: user.string("id"), name: user.string("name"), color: user.string("color") };
  }

  role(): Role {
    const role = this.string("role");
    if (role === "owner" || role === "editor" || role === "commenter" || role === "viewer") {
      return role;
    }
    return "viewer"; // a role that a newer server has: the least that any role may do
  }

  nonce(): { nonce?: string | number } {
    const nonce = this.fields["nonce"];
    return typeof nonce === "string" || typeof nonce === "number" ? { nonce } : {};
  }
}

const DECODERS: Readonly<Record<string, (read: Reader) => ServerMessage>> = {
  auth_ok: (read) => ({
    type: "auth_ok",
    session: read.string("session"),
    user: read.user(),
    limits: {
      max_message_bytes: read.object("limits").count("max_message_bytes"),
      max_document_chars: read.object("limits").count("max_document_chars"),
    },
  }),
  joined: (read) => ({
    type: "joined",
    doc: read.string("doc"),
    epoch: read.string("epoch"),
    version: read.count("version"),
    role: read.role(),
    recovered: read.boolean("recovered"),
    members: read.list("members").map((member) => ({
      session: member.string("session"),
      user: member.user(),
    })),
    ...(read.has("state") ? { state: read.bytes("state") } : {}),
  }),
  updates: (read) => ({
    type: "updates",
    doc: read.string("doc"),
    from: read.count("from"),
    to: read.count("to"),
    update: read.bytes("update"),
  }),
  ack: (read) => ({
    type: "ack",
    doc: read.string("doc"),
    id: read.string("id"),
    version: read.count("version"),
    changed: read.has("changed") ? read.boolean("changed") : true,
  }),
  awareness: (read) => ({ type: "awareness", doc: read.string("doc"), update: read.bytes("update") }),
  member_joined: (read) => ({
    type: "member_joined",
    doc: read.string("doc"),
    session: read.string("session"),
    user: read.user(),
  }),
  member_left: (read) => ({
    type: "member_left",
    doc: read.string("doc"),
    session: read.string("session"),
    user: read.user(),
  }),
  role: (read) => ({ type: "role", doc: read.string("doc"), role: read.role() }),
  resync: (read) => ({
    type: "resync",
    doc: read.string("doc"),
    state_vector: read.bytes("state_vector"),
  }),
  checked: (read) => ({
    type: "checked",
    doc: read.string("doc"),
    version: read.count("version"),
    hash: read.has("hash") ? read.string("hash") : null,
  }),
  diverged: (read) => ({
    type: "diverged",
    doc: read.string("doc"),
    version: read.count("version"),
    state: read.bytes("state"),
  }),
  error: (read) => ({
    type: "error",
    code: read.string("code"),
    message: read.string("message"),
    retryable: read.boolean("retryable"),
    ...(read.has("doc") ? { doc: read.string("doc") } : {}),
    ...(read.has("id") ? { id: read.string("id") } : {}),
    ...(read.has("retry_after_s") ? { retry_after_s: read.number("retry_after_s") } : {}),
  }),
  pong: (read) => ({ type: "pong", at: read.string("at"), ...read.nonce() }),
};
