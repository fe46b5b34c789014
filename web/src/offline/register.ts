/** Has the browser keep the editor, so that it opens without a server. */

import { basePath } from "../base";

/** Where there are no service workers (a page without TLS, some private modes), nothing happens. */
export function keepEditor(): void {
  const container = (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (container === undefined) return;
  const base = basePath();
  const register = (): void =>
    void container
      .register(`${base}service-worker.js`, { scope: base, updateViaCache: "none" })
      .catch(() => undefined); // forbidden, or the server is away
  // What the page itself needs comes first.
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register, { once: true });
}
