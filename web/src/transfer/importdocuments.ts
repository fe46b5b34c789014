/** Files as new documents, for the start page. */

import { createDocument, documentPath, type DocumentInfo } from "../api/documents";
import { ApiError, attempt, request } from "../api/request";
import { sendImage } from "../images/sending";
import { words } from "../language/language";
import { derivedTitle } from "../preview/title";
import { importFile, ImportError, type Said } from "./importfile";
import { LaterPictures, opsBetween, withPictures, type PlacedPicture } from "./laterpictures";

export interface ImportOutcome {
  readonly fileName: string;
  /** Null if there is none; `problems` says why. */
  readonly document: DocumentInfo | null;
  readonly problems: readonly Said[];
}

/** Make a document of each file, one after the other; what fails is in the outcome. */
export async function importDocuments(files: Iterable<File>): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const file of files) outcomes.push(await importOne(file));
  return outcomes;
}

async function importOne(file: File): Promise<ImportOutcome> {
  try {
    const pictures = new LaterPictures(crypto.randomUUID?.() ?? String(Math.random()).slice(2));
    const { title, text, notes } = await importFile(file, pictures.add);
    // A text that names itself needs no title beside it.
    const made = await createDocument({ text, ...(derivedTitle(text) === "" ? { title } : {}) });
    const problems = await placePictures(made, text, pictures.all);
    return { fileName: file.name, document: made, problems: [...notes, ...problems] };
  } catch (error) {
    if (error instanceof ImportError) return { fileName: file.name, document: null, problems: [error.said] };
    if (!(error instanceof ApiError)) throw error;
    const { message } = error;
    return { fileName: file.name, document: null, problems: [() => message] };
  }
}

/** Upload the pictures of a new document and put their addresses into its text; returns what was lost. */
async function placePictures(
  { name, version }: DocumentInfo,
  text: string,
  pictures: readonly PlacedPicture[],
): Promise<Said[]> {
  const addresses = new Map<string, string | null>();
  for (const { mark, picture } of pictures) addresses.set(mark, await addressOf(name, picture));
  const ops = opsBetween(text, withPictures(text, addresses));
  if (ops === null) return [];
  const error = await attempt(() =>
    request("POST", `${documentPath(name)}/edits?position_encoding=utf-16`, { id: `${name}.pictures`, base: version, ops }),
  );
  const lost = error === null ? [...addresses.values()].filter((address) => address === null).length : addresses.size;
  return lost === 0 ? [] : [() => words().transfer.imagesLeftOut(lost)];
}

async function addressOf(name: string, picture: Blob): Promise<string | null> {
  try {
    return await sendImage(name, picture, () => undefined);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}
