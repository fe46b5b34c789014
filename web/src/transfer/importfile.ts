/** Files as markdown: read, converted, and what was lost on the way. */

import { words } from "../language/language";
import { ArchiveError } from "./archive";
import { fileKind, maxBytes, titleOfFile } from "./filekind";
import { markdownOfHtml } from "./htmlsource";
import { blobOfData } from "./pictures";
import { decodeText } from "./plaintext";
import { markdownOfWord } from "./wordsource";

/** What is said to the user, in the language that is shown then. */
export type Said = () => string;

/** A file that cannot be imported. */
export class ImportError extends Error {
  constructor(readonly said: Said) {
    super(said());
  }
}

export interface ImportedText {
  /** From the name of the file. */
  readonly title: string;
  readonly text: string;
  /** What was lost. */
  readonly notes: readonly Said[];
}

/** Keeps a picture and returns its address, or null if it is not kept. */
export type KeepImage = (image: Blob) => Promise<string | null>;

/** @throws ImportError if it is not a file that can be imported */
export async function importFile(file: File, keepImage: KeepImage | null = null): Promise<ImportedText> {
  const unreadable = (): ImportError => new ImportError(() => words().transfer.unreadable(file.name));
  const kind = fileKind(file.name, file.type);
  if (kind === null) throw new ImportError(() => words().transfer.unknownKind(file.name));
  if (file.size > maxBytes(kind)) throw new ImportError(() => words().transfer.tooLarge(file.name, maxBytes(kind) / 1024 / 1024));
  const bytes = new Uint8Array(
    await file.arrayBuffer().catch(() => {
      throw unreadable();
    }),
  );
  const title = titleOfFile(file.name);
  if (kind === "word") {
    const { text, leftOutImages } = await markdownOfWord(bytes, keepImage).catch((error: unknown) => {
      if (error instanceof ArchiveError || error instanceof RangeError) throw unreadable();
      throw error;
    });
    return { title, text, notes: leftOut(leftOutImages) };
  }
  const { text, invalid } = decodeText(bytes);
  const notes = invalid === 0 ? [] : [() => words().transfer.invalidBytes(invalid)];
  if (kind === "markdown") return { title, text, notes };
  const found = await markdownOfHtml(text, (data) => keepData(data, keepImage)).catch((error: unknown) => {
    // Elements in elements in elements, thousands deep.
    if (error instanceof RangeError) throw unreadable();
    throw error;
  });
  return { title, text: found.text, notes: [...notes, ...leftOut(found.leftOutImages)] };
}

const leftOut = (images: number): Said[] => (images === 0 ? [] : [() => words().transfer.imagesLeftOut(images)]);

async function keepData(data: string, keepImage: KeepImage | null): Promise<string | null> {
  const picture = keepImage === null ? null : blobOfData(data);
  return picture === null || keepImage === null ? null : keepImage(picture);
}
