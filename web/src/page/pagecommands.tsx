/** The commands of the page itself: those of the parts are with the parts. */

import type { Command } from "../command/command";
import { words } from "../language/language";
import { syncCommand } from "../preview/syncsetting";
import type { DocumentModel } from "./model";
import { Palette } from "./palette";
import { ShortcutHelp } from "./shortcuthelp";
import { VIEWS, VIEW_KEYS, rememberView, type View } from "./views";

export function pageCommands(model: DocumentModel, share: () => void): Command[] {
  return [...viewCommands(model), syncCommand(), ...documentCommands(model, share), ...peopleCommands(model), ...helpCommands(model)];
}

const VIEW_ICONS = { edit: "source", both: "columns", view: "eye" } as const;

function viewCommands(model: DocumentModel): Command[] {
  const label = (view: View): string => {
    const { viewEdit, viewBoth, viewView } = words().command;
    return { edit: viewEdit, both: viewBoth, view: viewView }[view];
  };
  return VIEWS.map((view) => ({
    id: `view-${view}`,
    group: "view",
    label: () => label(view),
    shortcut: `Mod-Alt-${VIEW_KEYS[view]}`,
    icon: VIEW_ICONS[view],
    active: () => model.layout.value === view,
    available: () => view !== "both" || !model.isNarrow.value,
    run: () => {
      model.view.value = view;
      rememberView(view);
    },
  }));
}

function documentCommands(model: DocumentModel, share: () => void): Command[] {
  return [
    {
      id: "share",
      group: "document",
      label: () => words().command.share,
      icon: "share",
      available: () => model.isShareable.value,
      run: share,
    },
    {
      id: "rename",
      group: "document",
      label: () => words().command.rename,
      shortcut: "F2",
      icon: "edit",
      available: () => model.isWritable.value,
      run: () => (model.isRenaming.value = true),
    },
    {
      id: "save",
      group: "document",
      label: () => words().command.save,
      shortcut: "Mod-s",
      // There is nothing to do, but whoever asks for it is told so; the browser would save the page.
      run: () => {
        const { kind, words: state } = model.save.value;
        model.say(kind === "saved" ? words().command.allSaved : state);
      },
    },
  ];
}

function peopleCommands(model: DocumentModel): Command[] {
  return [
    {
      id: "stop-following",
      group: "people",
      label: () => words().command.stopFollowing,
      shortcut: "Escape",
      icon: "close",
      available: () => model.following.value !== null,
      run: () => model.follow(null),
    },
  ];
}

function helpCommands(model: DocumentModel): Command[] {
  return [
    {
      id: "palette",
      group: "help",
      label: () => words().command.palette,
      shortcut: "Mod-Shift-p",
      // Firefox keeps the first for itself, and in the text Mod-k is a link.
      otherShortcuts: ["F1", "Mod-k"],
      icon: "palette",
      run: () => model.dialog.show((close) => <Palette commands={model.commands} onClose={close} />),
    },
    {
      id: "shortcuts",
      group: "help",
      label: () => words().command.shortcuts,
      shortcut: "Mod-/",
      icon: "keyboard",
      run: () => model.dialog.show((close) => <ShortcutHelp commands={model.commands} onClose={close} />),
    },
  ];
}
