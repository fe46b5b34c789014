/** The secret behind the `#` of a share link or an invitation. It never reaches the server's log. */

const PAGES_WITH_SECRET = /\/(?:l|join)\/?$/;

/** Take the secret out of the address bar and the browser's history; null if there is none. */
export function takeSecret(): string | null {
  if (!PAGES_WITH_SECRET.test(location.pathname)) return null;
  // A second link that is opened in this tab changes nothing but the `#`.
  window.addEventListener("hashchange", () => location.reload());
  const secret = location.hash.slice(1);
  if (secret === "") return null;
  history.replaceState(null, "", location.pathname + location.search);
  return secret;
}
