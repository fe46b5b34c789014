/**
 * The service worker: the editor opens without a server. It keeps the files of its own build, which
 * it stores whole before it takes over, and gives out a page only with the files that it names.
 *
 * A page always comes from the server while there is one, so no build outlives its successor; files
 * are known by the hash in their name. Pages that are open go on with the files of their own build.
 */

import { cacheName, freshShell, isAway, outdated, planFor, type Build } from "./plan";

declare const QUIRE_BUILD: Build;

interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Worker extends EventTarget {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const worker = self as unknown as Worker;
const PATIENCE_MS = 4_000;

const scope = (): string => worker.registration.scope;
const scopePath = (): string => new URL(scope()).pathname;
const ownCache = (): Promise<Cache> => caches.open(cacheName(scopePath(), QUIRE_BUILD.name));

worker.addEventListener("install", (event) => {
  (event as WorkerEvent).waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  (event as WorkerEvent).waitUntil(activate());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  const plan = planFor(
    { method: request.method, isNavigation: request.mode === "navigate", url: request.url },
    scope(),
  );
  if (plan === "leave") return;
  (event as FetchEvent).respondWith(plan === "asset" ? asset(request) : page(request));
});

/** Everything or nothing: without a file of it, this build does not take over. */
async function install(): Promise<void> {
  const cache = await ownCache();
  await cache.addAll(QUIRE_BUILD.files.map((name) => `${scope()}assets/${name}`));
  const shell = await fetch(scope(), { cache: "no-store" });
  const html = await shell.clone().text();
  // While a new build is being rolled out, the page may be of another one.
  if (!shell.ok || !html.includes(QUIRE_BUILD.script)) throw new Error("the page is of another build");
  await cache.put(scope(), shell);
  await worker.skipWaiting();
}

async function activate(): Promise<void> {
  const old = outdated(await caches.keys(), scopePath(), QUIRE_BUILD.name);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** From whichever build has it; what is loaded on demand is kept from then on. */
async function asset(request: Request): Promise<Response> {
  const known = await caches.match(request);
  if (known !== undefined) return known;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await ownCache();
    await cache.put(request, answer.clone()).catch(() => undefined); // the storage is full
  }
  return answer;
}

async function page(request: Request): Promise<Response> {
  const asked = fetch(request);
  const answer = await Promise.race([asked.catch(() => null), later()]);
  if (answer !== null && !isAway(answer.status)) return answer;
  const own = await shell();
  return own ?? answer ?? asked;
}

async function shell(): Promise<Response | null> {
  const cache = await ownCache();
  const stored = await cache.match(scope());
  if (stored === undefined) return null;
  const headers = new Headers(stored.headers);
  const policy = headers.get("Content-Security-Policy") ?? "";
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const fresh = freshShell({ html: await stored.text(), policy }, scopePath(), nonce);
  headers.set("Content-Security-Policy", fresh.policy);
  for (const name of ["ETag", "Content-Length", "Content-Encoding"]) headers.delete(name);
  return new Response(fresh.html, { status: 200, headers });
}

const later = (): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
