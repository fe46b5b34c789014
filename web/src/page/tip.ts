/** What a button tells of its command, besides what is on it. */

import type { Command } from "../command/command";
import { ariaShortcut, shortcutKeys } from "../command/shortcut";
import { words } from "../language/language";
import type { DocumentModel } from "./model";

/** What its tooltip says, and the shortcut for those who listen. */
export function tipOf(model: DocumentModel, { label, shortcut }: Command) {
  const { isMac } = model.commands;
  if (shortcut === undefined) return { "data-tip": label() };
  return {
    "data-tip": label(),
    "data-keys": shortcutKeys(shortcut, isMac, words().command.keys).join(" "),
    "aria-keyshortcuts": ariaShortcut(shortcut, isMac),
  };
}
