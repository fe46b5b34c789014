/** The way from the start page into a document. */

import { createDocument } from "../api/documents";
import { basePath } from "../base";
import { documentPage } from "../route";

export const openDocument = (name: string): void => location.assign(documentPage(basePath(), name));

/** Make a document of a text, which gives itself its title, and open it. */
export async function openNew(text: string): Promise<void> {
  openDocument((await createDocument({ text })).name);
}
