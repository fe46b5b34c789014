/** Documents that are dropped into the text, or pasted: their markdown is inserted there. */

import { fileHandlers } from "../editor/files";
import { words } from "../language/language";
import { EditorSelection, type EditorView, type Extension } from "../vendor/codemirror";
import { isImportable } from "./filekind";
import type { KeepImage, Said } from "./importfile";

export interface DropConfig {
  /** The most characters of a document; null: not known. */
  readonly maxChars: () => number | null;
  readonly keepImage: KeepImage | null;
  /** Tell the user; nothing takes away what was told. */
  readonly tell: (messages: readonly Said[]) => void;
}

export function importDropped(config: DropConfig): Extension {
  return fileHandlers.of((files, position, view) => {
    const taken = files.filter(isImportable);
    if (taken.length > 0) void insertFiles(taken, position, view, config);
    return files.filter((file) => !taken.includes(file));
  });
}

async function insertFiles(files: readonly File[], position: number, view: EditorView, config: DropConfig): Promise<void> {
  const messages: Said[] = [];
  const texts: string[] = [];
  // What others type while a file is read moves the place; the caret moves along with it.
  view.dispatch({ selection: EditorSelection.cursor(Math.min(position, view.state.doc.length)) });
  const converter = await import("./importfile").catch(() => null);
  if (converter === null) return config.tell([() => words().page.partMissing]);
  const { importFile, ImportError } = converter;
  for (const file of files) {
    try {
      const { text, notes } = await importFile(file, config.keepImage);
      const length = view.state.doc.length + texts.join("").length + text.length;
      const limit = config.maxChars();
      if (limit !== null && length > limit) throw new ImportError(() => words().transfer.tooLong(file.name, limit));
      texts.push(text.trimEnd());
      messages.push(...notes.map((note) => () => `${file.name}: ${note()}`));
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      messages.push(error.said);
    }
  }
  const text = texts.filter((each) => each !== "").join("\n\n");
  // Reading takes a while, in which a role may have been lowered.
  const isTooLate = text !== "" && view.state.readOnly;
  config.tell(isTooLate ? [...messages, () => words().transfer.readOnlyNow] : messages);
  if (text === "" || isTooLate) return;
  insertApart(view, text);
}

/** Insert `text` at the caret, as blocks of their own where it is more than a line. */
function insertApart(view: EditorView, text: string): void {
  const { doc, selection } = view.state;
  const { from } = selection.main;
  const line = doc.lineAt(from);
  const isBlock = text.includes("\n");
  const before = isBlock && from > line.from ? "\n\n" : isBlock && line.number > 1 && doc.line(line.number - 1).text !== "" ? "\n" : "";
  const after = isBlock ? (from < line.to ? "\n\n" : "\n") : "";
  const insert = `${before}${text}${after}`;
  view.dispatch({
    changes: { from, insert },
    selection: { anchor: from + insert.length },
    scrollIntoView: true,
    userEvent: "input.drop",
  });
  view.focus();
}
