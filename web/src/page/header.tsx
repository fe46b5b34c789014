/** The bar at the top of a document: where one is, what became of one's edits, and who is here. */

import { basePath } from "../base";
import type { Command, CommandGroup } from "../command/command";
import { isAvailable } from "../command/registry";
import { words } from "../language/language";
import { Icon, isIcon, type IconName } from "../ui/icon";
import { Mark } from "../ui/mark";
import { MenuButton, entryOf } from "../ui/menu";
import type { ComponentChildren } from "../vendor/preact";
import { Avatars } from "./avatars";
import type { DocumentModel } from "./model";
import { SaveWords } from "./savewords";
import { Title } from "./title";
import { tipOf } from "./tip";
import { ViewSwitch } from "./viewswitch";

interface HeaderProps {
  readonly model: DocumentModel;
  readonly onRename: (title: string) => void;
  /** Who one is, with one's menu. */
  readonly children: ComponentChildren;
}

export function Header({ model, onRename, children }: HeaderProps) {
  const { home } = words().page;
  const isNarrow = model.isNarrow.value;
  return (
    <header class="topbar">
      <a href={basePath()} class="home" aria-label={home} data-tip={home}>
        <Mark />
      </a>
      <div class="naming">
        <Title model={model} onRename={onRename} />
        <SaveWords save={model.save} />
      </div>
      {isNarrow ? null : <ViewSwitch model={model} />}
      <span class="spacer" />
      <Avatars model={model} />
      {isNarrow ? null : <CommandButton model={model} id="history" expanded={model.panels.isOpen("history")} />}
      {model.isShareable.value ? <CommandButton model={model} id="share" primary icon={isNarrow} /> : null}
      <MoreMenu model={model} />
      {children}
    </header>
  );
}

interface CommandButtonProps {
  readonly model: DocumentModel;
  readonly id: string;
  readonly primary?: boolean;
  readonly expanded?: boolean;
  /** Only its icon, where there is little room. */
  readonly icon?: boolean;
}

/** A button that runs a command. */
function CommandButton({ model, id, primary = false, expanded, icon = false }: CommandButtonProps) {
  const command = model.commands.get(id);
  if (command === null) return null;
  return (
    <button
      type="button"
      class={primary ? "button button-primary" : "button"}
      {...tipOf(model, command)}
      {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
      {...(icon ? { "aria-label": command.label() } : {})}
      onClick={command.run}
    >
      {icon && isIcon(command.icon ?? "") ? <Icon name={command.icon as IconName} /> : command.label()}
    </button>
  );
}

/** The groups of commands in the menu at the end, in this order. */
const MENU_GROUPS: readonly CommandGroup[] = ["view", "find", "document", "history", "people", "help"];

/** What is there only for a while, as the end of following, is in the menu only then. */
const isInMenu = (command: Command): boolean => command.group !== "people" || isAvailable(command);

function MoreMenu({ model }: { readonly model: DocumentModel }) {
  const { commands } = model;
  return (
    <MenuButton
      label={words().command.menu}
      class="icon-button"
      groups={() =>
        MENU_GROUPS.map((group) => ({
          id: group,
          label: words().command.groups[group],
          entries: commands.all
            .filter((command) => command.group === group && isInMenu(command))
            .map((command) => entryOf(command, commands.isMac)),
        }))
      }
      atEnd
    >
      <Icon name="more" />
    </MenuButton>
  );
}
