/** The bar at the top of a document: where one is, what became of one's edits, and who is here. */

import { ariaShortcut, shortcutKeys } from "../command/shortcut";
import { basePath } from "../base";
import type { Command } from "../command/command";
import { words } from "../language/language";
import type { ComponentChildren } from "../vendor/preact";
import { Avatars } from "./avatars";
import type { DocumentModel } from "./model";
import { SaveWords } from "./savewords";
import { VIEWS } from "./views";

interface HeaderProps {
  readonly model: DocumentModel;
  /** Who one is, with one's menu. */
  readonly children: ComponentChildren;
}

export function Header({ model, children }: HeaderProps) {
  const { home } = words().page;
  return (
    <header class="topbar">
      <a href={basePath()} class="home" aria-label={home} title={home}>
        Quire
      </a>
      <Title model={model} />
      <SaveWords save={model.save} />
      <ViewSwitch model={model} />
      <span class="spacer" />
      <Avatars others={model.others} />
      <CommandButton model={model} id="history" expanded={model.panels.isOpen("history")} />
      {model.isShareable.value ? <CommandButton model={model} id="share" primary /> : null}
      {children}
    </header>
  );
}

function Title({ model }: { readonly model: DocumentModel }) {
  return (
    <h1 class="title" title={model.name} dir="auto">
      {model.title.value.words}
    </h1>
  );
}

function ViewSwitch({ model }: { readonly model: DocumentModel }) {
  return (
    <div class="segmented" role="group" aria-label={words().page.layout}>
      {VIEWS.map((view) => {
        const command = model.commands.get(`view-${view}`);
        if (command === null) return null;
        return (
          <button
            key={view}
            type="button"
            title={labelWithKeys(model, command)}
            aria-pressed={model.view.value === view}
            onClick={command.run}
          >
            {words().page.views[view]}
          </button>
        );
      })}
    </div>
  );
}

interface CommandButtonProps {
  readonly model: DocumentModel;
  readonly id: string;
  readonly primary?: boolean;
  readonly expanded?: boolean;
}

/** A button that runs a command. */
function CommandButton({ model, id, primary = false, expanded }: CommandButtonProps) {
  const command = model.commands.get(id);
  if (command === null) return null;
  const { shortcut } = command;
  return (
    <button
      type="button"
      class={primary ? "button button-primary" : "button"}
      title={labelWithKeys(model, command)}
      {...(shortcut === undefined ? {} : { "aria-keyshortcuts": ariaShortcut(shortcut, model.commands.isMac) })}
      {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
      onClick={command.run}
    >
      {command.label()}
    </button>
  );
}

function labelWithKeys(model: DocumentModel, { label, shortcut }: Command): string {
  if (shortcut === undefined) return label();
  return `${label()} (${shortcutKeys(shortcut, model.commands.isMac, words().command.keys).join(" ")})`;
}
