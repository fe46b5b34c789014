/** What this browser remembers: documents that were open here, and texts that could not be saved. */

import { basePath } from "./base";
import { userNameFrom } from "./names";

const NAME_KEY = "quire:name";
const RECENT_KEY = "quire:recent";
const USER_KEY = "quire:user";
const KEPT_KEY = "quire:kept:";
const MAX_RECENT = 12;

export interface RecentDocument {
  readonly name: string;
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The name that an earlier Quire kept here, before the server knew its guests; or null. */
export function rememberedName(): string | null {
  return userNameFrom(read(NAME_KEY) ?? "");
}

/** The server knows the name now. */
export function forgetName(): void {
  remove(NAME_KEY);
}

/** The user whose documents this device has, so that they open without the server. */
export const rememberedUser = (): string | null => read(here(USER_KEY));

export const rememberUser = (id: string): void => write(here(USER_KEY), id);

/** Nobody is signed in here any more. */
export const forgetUser = (): void => remove(here(USER_KEY));

/** Everything that names or holds what the user has written. */
export function forgetEverything(): void {
  forgetUser();
  remove(here(RECENT_KEY));
  try {
    const kept = here(KEPT_KEY);
    for (const key of Object.keys(localStorage)) if (key.startsWith(kept)) remove(key);
  } catch {
    // no storage, nothing to forget
  }
}

export function recentDocuments(): RecentDocument[] {
  let value: unknown;
  try {
    value = JSON.parse(read(here(RECENT_KEY)) ?? "[]");
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter(isRecent) : [];
}

export function rememberDocument(name: string, title: string): void {
  const others = recentDocuments().filter((document) => document.name !== name);
  const recent = [{ name, title, at: Date.now() }, ...others].slice(0, MAX_RECENT);
  write(here(RECENT_KEY), JSON.stringify(recent));
}

/** A text of `user` that could not be saved, until the user has dealt with it. */
export function keepText(user: string, document: string, text: string): void {
  write(keptKey(user, document), text);
}

/** The text that was kept for this user: one who shares the browser gets none of another's. */
export function keptText(user: string, document: string): string | null {
  return read(keptKey(user, document)) ?? read(here(KEPT_KEY) + document); // an earlier Quire named no user
}

export function forgetKeptText(user: string, document: string): void {
  remove(keptKey(user, document));
  remove(here(KEPT_KEY) + document);
}

/** The name of a document has no slash. */
const keptKey = (user: string, document: string): string =>
  `${here(KEPT_KEY)}${encodeURIComponent(user)}/${document}`;

/** Another Quire may live below another path of this site: what is its own is kept apart. */
function here(key: string): string {
  return basePath() === "/" ? key : `${key}${basePath()}:`;
}

function isRecent(value: unknown): value is RecentDocument {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "title" in value &&
    typeof value.title === "string" &&
    "at" in value &&
    typeof value.at === "number"
  );
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is forbidden here: the page works without memory
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // forbidden or full: the same
  }
}

function remove(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // no storage, nothing to forget
  }
}
