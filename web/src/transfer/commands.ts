/** The commands that take a document out of Quire. */

import type { Command } from "../command/command";
import { download } from "../download";
import { words } from "../language/language";
import { normalText } from "../newlines";
import { fileName } from "./filekind";
import type { Printing } from "./printing";

export interface Transferable {
  /** The text that is on the page. */
  readonly text: () => string;
  readonly title: () => string;
  /** There is a text, though it may be empty. */
  readonly isOpen: () => boolean;
  /** Do what may fail; where it does, say so. */
  readonly attempt: (action: () => Promise<void>) => void;
  readonly printing: Printing;
}

export function transferCommands(document: Transferable): Command[] {
  const command = (id: string, label: () => string, action: () => Promise<void>, more: Partial<Command> = {}): Command => ({
    id,
    group: "document",
    label,
    available: document.isOpen,
    run: () => document.attempt(action),
    ...more,
  });
  const save = (content: Blob, ending: string): void => download(content, fileName(document.title(), ending));
  return [
    command("export-markdown", () => words().transfer.exportMarkdown, async () => {
      save(new Blob([normalText(document.text())], { type: "text/markdown" }), "md");
    }),
    command("export-html", () => words().transfer.exportHtml, async () => {
      const { htmlFile } = await import("./htmlfile");
      save(new Blob([await htmlFile(document.text(), document.title())], { type: "text/html" }), "html");
    }),
    command("export-docx", () => words().transfer.exportWord, async () => {
      const { wordFile } = await import("./worddocument");
      save(await wordFile(document.text(), document.title()), "docx");
    }),
    command("print", () => words().transfer.print, () => document.printing.print(), { shortcut: "Mod-p" }),
  ];
}
