/** Import, export and print on the page of a document. */

import { words } from "../language/language";
import { transferCommands } from "../transfer/commands";
import { importDropped } from "../transfer/dropped";
import type { KeepImage } from "../transfer/importfile";
import { Printing } from "../transfer/printing";
import type { Extension } from "../vendor/codemirror";
import type { DocumentModel } from "./model";

interface TransferActions {
  /** The text that is shown, the live one or an old version's. */
  readonly text: () => string;
  readonly attempt: (action: () => Promise<void>) => void;
}

/** Files that are dropped into the text of `model` become markdown there. */
export const droppedFiles = (model: DocumentModel, keepImage: KeepImage): Extension =>
  importDropped({
    maxChars: () => model.maxChars.value,
    keepImage,
    tell: (messages) => {
      if (messages.length === 0) return model.banners.set("import", null);
      model.banners.set("import", () => ({
        tone: "warning",
        words: messages.map((said) => said()).join(" "),
        actions: [{ label: words().common.dismiss, run: () => model.banners.set("import", null) }],
      }));
    },
  });

export function addTransfer(model: DocumentModel, actions: TransferActions): void {
  const isOpen = (): boolean => model.caret.value !== null || model.shownVersion.value !== null;
  const title = (): string => model.title.value.words;
  const printing = new Printing(actions.text);
  model.commands.add(transferCommands({ ...actions, title, isOpen, printing }));
}
