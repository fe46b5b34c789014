/** Files as new documents, for the start page. */

import { createDocument, type DocumentInfo } from "../api/documents";
import { ApiError } from "../api/request";
import { derivedTitle } from "../preview/title";
import { importFile, ImportError, type KeepImage } from "./importfile";

export interface ImportOutcome {
  readonly fileName: string;
  /** Null if there is none; `problems` says why. */
  readonly document: DocumentInfo | null;
  /** In words for the user. */
  readonly problems: readonly string[];
}

/** Make a document of each file, one after the other; what fails is in the outcome. */
export async function importDocuments(
  files: Iterable<File>,
  keepImage: KeepImage | null = null,
): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const file of files) outcomes.push(await importOne(file, keepImage));
  return outcomes;
}

async function importOne(file: File, keepImage: KeepImage | null): Promise<ImportOutcome> {
  try {
    const { title, text, notes } = await importFile(file, keepImage);
    // A text that names itself needs no title beside it.
    const made = await createDocument({ text, ...(derivedTitle(text) === "" ? { title } : {}) });
    return { fileName: file.name, document: made, problems: notes };
  } catch (error) {
    if (!(error instanceof ImportError || error instanceof ApiError)) throw error;
    return { fileName: file.name, document: null, problems: [error.message] };
  }
}
