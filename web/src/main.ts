/** The entry: which page this path is. */

import "./styles/index.css";
import { basePath } from "./base";
import { documentOfPath } from "./names";

const app = document.getElementById("app");
if (app === null) throw new Error("index.html has no #app");

const name = documentOfPath(location.pathname, basePath());
if (name === null) {
  void import("./page/start").then(({ showStartPage }) => showStartPage(app));
} else {
  void import("./page/document").then(({ showDocumentPage }) => showDocumentPage(app, name));
}
