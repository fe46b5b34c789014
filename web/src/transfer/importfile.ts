/** Files as markdown: read, converted, and what was lost on the way. */

import { words } from "../language/language";
import { ArchiveError } from "./archive";
import { fileKind, maxBytes, titleOfFile } from "./filekind";
import { markdownOfHtml } from "./htmlsource";
import { blobOfData } from "./pictures";
import { decodeText } from "./plaintext";
import { markdownOfWord } from "./wordsource";

/** A file that cannot be imported, in words for the user. */
export class ImportError extends Error {}

export interface ImportedText {
  /** From the name of the file. */
  readonly title: string;
  readonly text: string;
  /** What was lost, in words for the user. */
  readonly notes: readonly string[];
}

/** Keeps a picture and returns its address, or null if it is not kept. */
export type KeepImage = (image: Blob) => Promise<string | null>;

/** @throws ImportError if it is not a file that can be imported */
export async function importFile(file: File, keepImage: KeepImage | null = null): Promise<ImportedText> {
  const { unknownKind, tooLarge, unreadable, invalidBytes, imagesLeftOut } = words().transfer;
  const kind = fileKind(file.name, file.type);
  if (kind === null) throw new ImportError(unknownKind(file.name));
  if (file.size > maxBytes(kind)) throw new ImportError(tooLarge(file.name, maxBytes(kind) / 1024 / 1024));
  const bytes = new Uint8Array(
    await file.arrayBuffer().catch(() => {
      throw new ImportError(unreadable(file.name));
    }),
  );
  const title = titleOfFile(file.name);
  if (kind === "word") {
    const { text, leftOutImages } = await markdownOfWord(bytes, keepImage).catch((error: unknown) => {
      if (error instanceof ArchiveError || error instanceof RangeError) throw new ImportError(unreadable(file.name));
      throw error;
    });
    return { title, text, notes: leftOutImages === 0 ? [] : [imagesLeftOut(leftOutImages)] };
  }
  const { text, invalid } = decodeText(bytes);
  const notes = invalid === 0 ? [] : [invalidBytes(invalid)];
  if (kind === "markdown") return { title, text, notes };
  const found = await markdownOfHtml(text, (data) => keepData(data, keepImage)).catch((error: unknown) => {
    // Elements in elements in elements, thousands deep.
    if (error instanceof RangeError) throw new ImportError(unreadable(file.name));
    throw error;
  });
  return {
    title,
    text: found.text,
    notes: found.leftOutImages === 0 ? notes : [...notes, imagesLeftOut(found.leftOutImages)],
  };
}

async function keepData(data: string, keepImage: KeepImage | null): Promise<string | null> {
  const picture = keepImage === null ? null : blobOfData(data);
  return picture === null || keepImage === null ? null : keepImage(picture);
}
