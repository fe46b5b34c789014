/** A new document with a text, of whatever length, over HTTP. */

import { words } from "../language/language";
import { anotherName, documentNameFrom } from "../names";
import { createDocument, documentPath, getDocument, renameDocument, type DocumentInfo } from "./documents";
import { createLong, type CreationSteps } from "./longcreation";
import { request } from "./request";
import { trashDocument } from "./shelf";

/** A title has no more characters than this. */
const MAX_TITLE = 200;

export async function createWhole(title: string, text: string): Promise<DocumentInfo> {
  return createLong(STEPS, {
    name: anotherName(documentNameFrom(title) ?? "copy", Math.random),
    title,
    unfinishedTitle: [...words().page.unfinishedCopy(title)].slice(-MAX_TITLE).join(""),
    text,
  });
}

const STEPS: CreationSteps = {
  create: createDocument,
  get: getDocument,
  prepend: (name, id, text) =>
    request("POST", `${documentPath(name)}/edits`, { id, base: null, ops: [{ insert: text }] }),
  rename: renameDocument,
  remove: trashDocument,
  pause: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
};
