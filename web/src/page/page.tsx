/** The page of a document, from its header to its status bar. */

import type { ComponentChildren } from "../vendor/preact";
import { Banners } from "./banners";
import type { DialogHost } from "./dialoghost";
import { Header } from "./header";
import { Host } from "./host";
import type { DocumentModel } from "./model";
import { StatusBar } from "./statusbar";
import { Workspace } from "./workspace";

interface PageProps {
  readonly model: DocumentModel;
  readonly source: readonly HTMLElement[];
  readonly preview: readonly HTMLElement[];
  /** The bar that says which old version is shown. */
  readonly pastBar: HTMLElement;
  /** Who one is, with one's menu. */
  readonly children: ComponentChildren;
}

export function Page({ model, source, preview, pastBar, children }: PageProps) {
  return (
    <div class="page">
      <Header model={model}>{children}</Header>
      <Banners list={model.banners} />
      <Host doms={[pastBar]} />
      <Workspace model={model} source={source} preview={preview} />
      <StatusBar model={model} />
      <Over dialog={model.dialog} />
    </div>
  );
}

function Over({ dialog }: { readonly dialog: DialogHost }) {
  return dialog.shown.value?.(dialog.close) ?? null;
}
