/** The page of a document, from its header to its status bar. */

import { Toasts } from "../ui/toasts";
import { Tooltips } from "../ui/tooltip";
import type { ComponentChildren } from "../vendor/preact";
import { Banners } from "./banners";
import type { DialogHost } from "./dialoghost";
import { Formatting } from "./formatting";
import { Header } from "./header";
import { Host } from "./host";
import type { DocumentModel } from "./model";
import { StatusBar } from "./statusbar";
import { ViewSwitch } from "./viewswitch";
import { Workspace } from "./workspace";

interface PageProps {
  readonly model: DocumentModel;
  readonly source: readonly HTMLElement[];
  readonly preview: readonly HTMLElement[];
  /** The bar that says which old version is shown. */
  readonly pastBar: HTMLElement;
  readonly onRename: (title: string) => void;
  /** Who one is, with one's menu. */
  readonly children: ComponentChildren;
}

export function Page({ model, source, preview, pastBar, onRename, children }: PageProps) {
  const isNarrow = model.isNarrow.value;
  return (
    <div class="page">
      <Header model={model} onRename={onRename}>{children}</Header>
      <main class="work">
        <Banners list={model.banners} />
        <Host doms={[pastBar]} />
        {isNarrow ? null : <Formatting model={model} />}
        <Workspace model={model} source={source} preview={preview} />
        {isNarrow ? (
          <div class="bottombar">
            <Formatting model={model} />
            <ViewSwitch model={model} />
          </div>
        ) : null}
      </main>
      {isNarrow ? null : <StatusBar model={model} />}
      <Over dialog={model.dialog} />
      <Toasts list={model.toasts} />
      <Tooltips />
    </div>
  );
}

function Over({ dialog }: { readonly dialog: DialogHost }) {
  return dialog.shown.value?.(dialog.close) ?? null;
}
