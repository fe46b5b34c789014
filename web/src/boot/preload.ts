/**
 * Has the browser fetch what a document page needs at once, all beside each other: it would learn of each
 * file only from the one before, six times in a row, and ask who its user is when it has them all. Plain
 * ES5, part of the boot script.
 */

/** Their names, with a space between; the build puts them in. */
declare var DOCUMENT_FILES: string;

(function () {
  var status = document.querySelector('meta[name="quire-status"]') as HTMLMetaElement | null;
  var boot = document.currentScript as HTMLScriptElement | null;
  if (boot === null || (status !== null && Number(status.content) >= 400)) return;
  // The pages of secrets, which no other file may be fetched for, are none of these.
  if (!/\/d\/[^/]+\/?$/.test(location.pathname)) return;
  // What `api/ahead.ts` takes.
  if (typeof fetch === "function") {
    window.quireSession = fetch(boot.src.replace(/assets\/[^/]*$/, "api/session"), {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
    })["catch"](function () {
      return null;
    });
  }
  var names = DOCUMENT_FILES.split(" ");
  for (var i = 0; i < names.length; i++) {
    var link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = boot.src.replace(/[^/]*$/, names[i] as string);
    document.head.appendChild(link);
  }
})();
