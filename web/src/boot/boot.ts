/**
 * What runs before anything else, in any browser, however old: it says so where the page cannot run,
 * or where a part of it does not come. Plain ES5, so that old engines understand this file at least.
 */

import "../theme/early";
import "./preload";

(function () {
  function reveal(kind: string): void {
    var app = document.getElementById("app");
    var shown = document.getElementById("fallback-" + kind);
    if (app === null || shown === null || (kind !== "old-browser" && app.querySelector("*:not(noscript)") !== null)) return;
    var blocks = shown.querySelectorAll("[lang]");
    for (var i = 0; i < blocks.length; i++) {
      var block = blocks[i] as HTMLElement;
      block.hidden = (block.lang === "de") !== /^de/i.test(navigator.language || "");
    }
    app.hidden = true;
    shown.hidden = false;
  }

  // Chromium 111, Firefox 113, Safari 16.4: what the rest is built for.
  var isCurrent =
    "noModule" in HTMLScriptElement.prototype &&
    typeof CSS !== "undefined" &&
    CSS.supports("color", "color-mix(in srgb, red, blue)");

  function begin(): void {
    if (!isCurrent) reveal("old-browser");
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();

  // A file of the page that does not come: `error` does not bubble, but it is captured here.
  window.addEventListener(
    "error",
    function (event) {
      var target = event.target as Element | null;
      if (target !== null && target.nodeName === "SCRIPT") reveal("away");
    },
    true,
  );
  // A part of it that is loaded later: see main.ts.
  window.addEventListener("quire-away", function () {
    reveal("away");
  });
})();
