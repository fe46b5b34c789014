/**
 * The theme that the user chose on this device, put on the page before anything is painted. It is part of
 * the boot script, which is a file of its own in the head: the policy of the page allows it, and browsers wait for
 * it. Plain ES5, as all of that.
 */

import { THEME_KEY } from "./key";

try {
  var chosen = localStorage.getItem(THEME_KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.setAttribute("data-theme", chosen);
} catch (_) {
  // Without storage the system's theme is shown.
}
