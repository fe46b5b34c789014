/** The start page: a new document, and those that are there. */

import { Api, ApiError, type DocumentInfo } from "../api";
import { basePath } from "../base";
import { element, relativeTime } from "../dom";
import { loadName, recentDocuments } from "../identity";
import { documentNameFrom } from "../names";

interface Entry {
  readonly name: string;
  readonly title: string;
  readonly at: number;
}

export function showStartPage(app: HTMLElement): void {
  const api = new Api(loadName);
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const input = element("input", {
    id: "document-name",
    type: "text",
    maxlength: "200",
    placeholder: "Meeting notes",
    autocomplete: "off",
  });
  const form = element(
    "form",
    { class: "new-document" },
    element("label", { for: "document-name" }, "Name ", element("span", {}, "(optional)")),
    element(
      "div",
      { class: "new-document-row" },
      input,
      element("button", { type: "submit", class: "button button-primary" }, "New document"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void create(api, input.value.trim(), problem);
  });

  const here = recentDocuments();
  const all = element("div", { class: "document-list-slot" });
  app.replaceChildren(
    element(
      "main",
      { class: "start" },
      element(
        "header",
        { class: "start-header" },
        element("h1", {}, "Quire"),
        element("p", {}, "Documents that people, programs and agents write together."),
      ),
      form,
      problem,
      here.length > 0 ? section("Opened on this device", here) : null,
      all,
    ),
  );
  input.focus();
  void showAll(api, all, problem);
}

async function create(api: Api, typed: string, problem: HTMLElement): Promise<void> {
  const name = typed === "" ? null : documentNameFrom(typed);
  try {
    const made = await api.createDocument(name, typed === "" || typed === name ? null : typed);
    openDocument(made.name);
  } catch (error) {
    // The name is taken: then that is the document that was meant.
    if (name !== null && error instanceof ApiError && error.status === 409) openDocument(name);
    else report(problem, error);
  }
}

const pathOf = (name: string): string => `${basePath()}d/${encodeURIComponent(name)}`;

const openDocument = (name: string): void => location.assign(pathOf(name));

async function showAll(api: Api, slot: HTMLElement, problem: HTMLElement): Promise<void> {
  try {
    const documents = await api.listDocuments();
    slot.replaceChildren(
      documents.length > 0
        ? section("All documents", documents.map(entryOf))
        : element("p", { class: "hint" }, "There are no documents yet. The first one is a click away."),
    );
  } catch (error) {
    report(problem, error);
  }
}

const entryOf = ({ name, title, updatedAt }: DocumentInfo): Entry => ({ name, title, at: updatedAt });

function section(heading: string, entries: readonly Entry[]): HTMLElement {
  const now = Date.now();
  return element(
    "section",
    {},
    element("h2", {}, heading),
    element(
      "ul",
      { class: "document-list" },
      ...entries.map(({ name, title, at }) =>
        element(
          "li",
          {},
          element(
            "a",
            { href: pathOf(name) },
            element("span", { class: "document-title" }, title === "" ? name : title),
            element(
              "time",
              { datetime: new Date(at).toISOString(), class: "document-time" },
              relativeTime(at, now),
            ),
          ),
        ),
      ),
    ),
  );
}

function report(problem: HTMLElement, error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  problem.textContent = error.message;
  problem.hidden = false;
}
