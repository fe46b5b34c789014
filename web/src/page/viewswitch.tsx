/** The choice between source and preview. */

import { words } from "../language/language";
import type { DocumentModel } from "./model";
import { tipOf } from "./tip";
import { VIEWS } from "./views";

export function ViewSwitch({ model }: { readonly model: DocumentModel }) {
  const views = model.isNarrow.value ? VIEWS.filter((view) => view !== "both") : VIEWS;
  return (
    <div class="segmented" role="group" aria-label={words().page.layout}>
      {views.map((view) => {
        const command = model.commands.get(`view-${view}`);
        if (command === null) return null;
        return (
          <button
            key={view}
            type="button"
            {...tipOf(model, command)}
            aria-pressed={model.layout.value === view}
            onClick={command.run}
          >
            {words().page.views[view]}
          </button>
        );
      })}
    </div>
  );
}
