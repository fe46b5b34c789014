/** The panes: source and preview, and at their end the panel that is open. */

import { Followed } from "./avatars";
import { Host } from "./host";
import type { DocumentModel } from "./model";
import { SidePanel } from "./sidepanel";

interface WorkspaceProps {
  readonly model: DocumentModel;
  /** The layers of each pane: the live text, and over it an old version. */
  readonly source: readonly HTMLElement[];
  readonly preview: readonly HTMLElement[];
}

export function Workspace({ model, source, preview }: WorkspaceProps) {
  const isPast = model.shownVersion.value !== null;
  return (
    <div
      class={isPast ? "workspace viewing-version" : "workspace"}
      data-view={model.isBeside.value && model.layout.value === "both" ? "edit" : model.layout.value}
    >
      <Host class="pane pane-source" doms={source} />
      <Host class="pane pane-preview" doms={preview} />
      <Followed model={model} />
      <SidePanel panels={model.panels} />
    </div>
  );
}
