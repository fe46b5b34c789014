/** The templates: ready-made ones, and documents that somebody offers as such. */

import { attempt } from "../api/request";
import { duplicateDocument, listPage, type ListedDocument } from "../api/shelf";
import { words } from "../language/language";
import { Dialog } from "../ui/dialog";
import { useEffect, useState } from "../vendor/preact";
import { titleOf, type StartModel } from "./model";
import { openDocument, openNew } from "./opening";

const MOST = "100";

export function TemplateDialog({ model, onClose }: { readonly model: StartModel; readonly onClose: () => void }) {
  const [own, setOwn] = useState<readonly ListedDocument[]>([]);
  const said = words().start;
  useEffect(() => {
    const query = new URLSearchParams({ show: "templates", sort: "title", limit: MOST });
    void attempt(async () => setOwn((await listPage(query, null)).entries));
  }, []);
  const begin = (action: () => Promise<unknown>): void => {
    onClose();
    void model.act(action);
  };
  return (
    <Dialog title={said.templatesTitle} onClose={onClose}>
      <h3 class="template-heading">{said.builtIn}</h3>
      <ul class="templates">
        {said.templates.map(({ title, about, text }) => (
          <li key={title}>
            <button type="button" class="template" onClick={() => begin(() => openNew(text))}>
              <strong>{title}</strong>
              <span class="hint">{about}</span>
            </button>
          </li>
        ))}
      </ul>
      {own.length === 0 ? null : (
        <>
          <h3 class="template-heading">{said.ownTemplates}</h3>
          <ul class="templates">
            {own.map((document) => (
              <li key={document.name}>
                <button
                  type="button"
                  class="template"
                  onClick={() => begin(async () => openDocument((await duplicateDocument(document.name, "")).name))}
                >
                  <strong dir="auto">{titleOf(document)}</strong>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}
