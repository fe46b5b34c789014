/** A new document: under a name, from a template, or from files. */

import { createTitled } from "../api/documents";
import { attempt } from "../api/request";
import { words } from "../language/language";
import { Form } from "../ui/form";
import type { StartModel } from "./model";
import { openDocument } from "./opening";

interface NewDocumentProps {
  readonly model: StartModel;
  readonly onTemplates: () => void;
  readonly onImport: () => void;
}

export function NewDocument({ model, onTemplates, onImport }: NewDocumentProps) {
  const said = words().start;
  return (
    <Form
      class="new-document"
      label={said.newDocument}
      onSubmit={async ({ title = "" }) => {
        model.problem.value = await attempt(async () =>
          openDocument((await createTitled(title.trim())).name),
        );
      }}
    >
      <label for="document-name">
        {said.name} <span>{said.optional}</span>
      </label>
      <div class="new-document-row">
        <input
          id="document-name"
          name="title"
          type="text"
          dir="auto"
          maxLength={200}
          placeholder={said.placeholder}
          autocomplete="off"
        />
        <button type="submit" class="button button-primary">
          {said.newDocument}
        </button>
      </div>
      <div class="new-document-ways">
        <button type="button" class="link-button" onClick={onTemplates}>
          {said.fromTemplate}
        </button>
        <button type="button" class="link-button" onClick={onImport}>
          {said.importFiles}
        </button>
      </div>
    </Form>
  );
}
