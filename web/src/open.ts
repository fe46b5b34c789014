/** Shows the page that the address names. */

import { statusOf } from "./addresses/failure";
import { basePath } from "./base";
import { loadLanguage } from "./language/language";
import { isDocumentName } from "./names";
import { routeOf } from "./route";

/** @param secret what stood behind the `#` of the address, or null */
export async function openPage(secret: string | null): Promise<void> {
  const app = document.getElementById("app");
  if (app === null) throw new Error("index.html has no #app");
  await loadLanguage();
  const route = routeOf(location.pathname, basePath());
  if (route.page === "document" && !isDocumentName(route.name)) {
    return (await import("./addresses/addresspage")).showBadName(app, route.name);
  }
  const status = statusOf(document.querySelector<HTMLMetaElement>('meta[name="quire-status"]')?.content);
  if (status >= 400) return (await import("./addresses/addresspage")).showAddressPage(app, status);
  switch (route.page) {
    case "start":
      return (await import("./start/startpage")).showStartPage(app);
    case "document":
      return (await import("./page/document")).showDocumentPage(app, route.name);
    case "link":
      return (await import("./account/pages")).showLinkPage(app, secret);
    case "join":
      return (await import("./account/pages")).showJoinPage(app, secret);
    case "sign-in":
      return (await import("./account/pages")).showSignInPage(app);
    case "account":
      return (await import("./account/pages")).showAccountPage(app);
    case "people":
      return (await import("./account/pages")).showPeoplePage(app);
    case "admin":
      return (await import("./admin/adminpage")).showAdminPage(app);
  }
}
