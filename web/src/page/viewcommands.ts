/** The commands that choose between source and preview. */

import type { Command } from "../command/command";
import { words } from "../language/language";
import { syncCommand } from "../preview/syncsetting";
import type { DocumentModel } from "./model";
import { VIEWS, VIEW_KEYS, rememberView, type View } from "./views";

export function viewCommands(model: DocumentModel): Command[] {
  const label = (view: View): string => {
    const { viewEdit, viewBoth, viewView } = words().command;
    return { edit: viewEdit, both: viewBoth, view: viewView }[view];
  };
  const views = VIEWS.map((view): Command => ({
    id: `view-${view}`,
    group: "view",
    label: () => label(view),
    shortcut: `Mod-Alt-${VIEW_KEYS[view]}`,
    active: () => model.view.value === view,
    run: () => {
      model.view.value = view;
      rememberView(view);
    },
  }));
  return [...views, syncCommand()];
}
