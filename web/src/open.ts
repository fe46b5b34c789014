/** Shows the page that the address names. */

import { basePath } from "./base";
import { loadLanguage } from "./language/language";
import { routeOf } from "./route";

/** @param secret what stood behind the `#` of the address, or null */
export async function openPage(secret: string | null): Promise<void> {
  const app = document.getElementById("app");
  if (app === null) throw new Error("index.html has no #app");
  await loadLanguage();
  const route = routeOf(location.pathname, basePath());
  switch (route.page) {
    case "start":
      return (await import("./page/start")).showStartPage(app);
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
  }
}
