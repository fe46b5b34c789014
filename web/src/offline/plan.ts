/** What the service worker does with a request, and with the page that it keeps. Pure. */

/** Written into the worker by the build. */
export interface Build {
  /** Names the build: another one has another name. */
  readonly name: string;
  /** The files of assets/ without which no page works. */
  readonly files: readonly string[];
  /** The entry of the app, by which a page is known to be of this build. */
  readonly script: string;
}

export type Plan =
  /** A file whose name holds its hash: any copy is the right one. */
  | "asset"
  /** The page of a document, or the start page: from the server, or else the one of this build. */
  | "page"
  /** Nothing that works without a server. */
  | "leave";

export interface Asked {
  readonly method: string;
  readonly isNavigation: boolean;
  readonly url: string;
}

/** @param scope the address below which this Quire is served, with a slash at its end */
export function planFor({ method, isNavigation, url }: Asked, scope: string): Plan {
  const { origin, pathname } = new URL(url);
  const home = new URL(scope);
  if (method !== "GET" || origin !== home.origin || !pathname.startsWith(home.pathname)) return "leave";
  const path = pathname.slice(home.pathname.length);
  if (/^assets\/[^/]+$/.test(path)) return "asset";
  return isNavigation && (path === "" || /^d\/[^/]+$/.test(path)) ? "page" : "leave";
}

/** Whether an answer says that the server behind a proxy is away. */
export const isAway = (status: number): boolean => status === 502 || status === 503 || status === 504;

export interface Shell {
  readonly html: string;
  readonly policy: string;
}

/**
 * The page for any address below `scopePath`, with a nonce of its own: the one that was stored would be
 * the same at every visit.
 */
export function freshShell({ html, policy }: Shell, scopePath: string, nonce: string): Shell {
  const old = /<meta name="csp-nonce" content="([^"]*)">/.exec(html)?.[1] ?? "";
  const below = html
    .replace(/(<meta name="quire-base" content=")\.\/(")/, `$1${scopePath}$2`)
    .replace(/((?:href|src)=")\.\/(assets\/)/g, `$1${scopePath}$2`);
  if (old === "") return { html: below, policy };
  return { html: below.split(old).join(nonce), policy: policy.split(old).join(nonce) };
}

/**
 * The names of the caches of the Quire below `scopePath` begin so. All that are served from one origin see
 * the caches of each other.
 */
const cachePrefix = (scopePath: string): string => `quire-build-${scopePath}#`;

/** @param scopePath the path below which this Quire is served, with a slash at its end */
export const cacheName = (scopePath: string, build: string): string => `${cachePrefix(scopePath)}${build}`;

/**
 * The caches of this Quire that go when that of `build` is there: pages that are still open may be of the
 * `kept` ones before.
 */
export function outdated(names: readonly string[], scopePath: string, build: string, kept = 2): string[] {
  const current = cacheName(scopePath, build);
  const others = names.filter((name) => name.startsWith(cachePrefix(scopePath)) && name !== current);
  return others.slice(0, Math.max(0, others.length - kept));
}
