/** Which page a path is, and the paths of pages. Pure. */

export type Route =
  | { readonly page: "start" | "join" | "link" | "sign-in" | "account" | "people" | "admin" }
  | { readonly page: "document"; readonly name: string };

const PAGES: Readonly<Record<string, Exclude<Route["page"], "document">>> = {
  join: "join",
  l: "link",
  "sign-in": "sign-in",
  account: "account",
  people: "people",
  admin: "admin",
};

/** The page at a path below `base`. */
export function routeOf(path: string, base: string): Route {
  const below = path.startsWith(base) ? path.slice(base.length).replace(/\/$/, "") : "";
  const page = Object.hasOwn(PAGES, below) ? PAGES[below] : undefined;
  if (page !== undefined) return { page };
  const found = /^d\/([^/]+)$/.exec(below);
  return found?.[1] === undefined ? { page: "start" } : { page: "document", name: decoded(found[1]) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const documentPage = (base: string, name: string): string =>
  `${base}d/${encodeURIComponent(name)}`;

/** `path` without the base before it: what `next` says in addresses. */
const below = (base: string, path: string): string => path.slice(base.length - 1);

/** The sign-in page that leads back to `next`, a path of this Quire. */
export function signInPage(base: string, next: string): string {
  const query = next === base ? "" : `?${new URLSearchParams({ next: below(base, next) })}`;
  return `${base}sign-in${query}`;
}

/** The start of a sign-in with the provider. */
export const providerSignIn = (base: string, next: string): string =>
  `${base}auth/oidc/start?${new URLSearchParams({ next: below(base, next) })}`;

const PLACES_TO_SEND_TO: readonly Route["page"][] = ["start", "document", "account", "people", "admin"];

/**
 * The page that `?next=` names, if it is one of this Quire to come back to; otherwise the start
 * page. An address of another site must not get a visitor who has just signed in here.
 */
export function nextPage(search: string, base: string): string {
  const next = new URLSearchParams(search).get("next") ?? "";
  if (!/^\/[\w:./~%-]*$/.test(next) || next.startsWith("//")) return base;
  const path = base + next.slice(1);
  return PLACES_TO_SEND_TO.includes(routeOf(path, base).page) ? path : base;
}
