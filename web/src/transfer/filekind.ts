/** What a file is, for import, and what it is called when it is exported. Pure. */

export type FileKind = "markdown" | "html" | "word";

/** Nothing larger is read. A document of Word is mostly pictures. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024;
export const MAX_WORD_BYTES = 32 * 1024 * 1024;

const BY_ENDING: Readonly<Record<string, FileKind>> = {
  md: "markdown",
  markdown: "markdown",
  mdown: "markdown",
  mkd: "markdown",
  txt: "markdown",
  text: "markdown",
  html: "html",
  htm: "html",
  xhtml: "html",
  docx: "word",
};

const BY_TYPE: Readonly<Record<string, FileKind>> = {
  "text/markdown": "markdown",
  "text/plain": "markdown",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "word",
};

/** For the file choice of the browser. */
export const IMPORTABLE = ".md,.markdown,.txt,.html,.htm,.docx,text/markdown,text/plain,text/html";

/** What a file is by the end of its name, or else by its media type; null: nothing that is imported. */
export function fileKind(name: string, type: string): FileKind | null {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending !== undefined && Object.hasOwn(BY_ENDING, ending)) return BY_ENDING[ending] ?? null;
  const media = type.split(";")[0]?.trim().toLowerCase() ?? "";
  return Object.hasOwn(BY_TYPE, media) && ending === undefined ? (BY_TYPE[media] ?? null) : null;
}

export const isImportable = (file: File): boolean => fileKind(file.name, file.type) !== null;

export const maxBytes = (kind: FileKind): number => (kind === "word" ? MAX_WORD_BYTES : MAX_TEXT_BYTES);

/** The name of a file without its ending, as a title. */
export function titleOfFile(name: string): string {
  const stem = name.replace(/^.*[/\\]/, "").replace(/\.[a-z0-9]{1,8}$/i, "");
  return stem.replace(/[\p{Cc}\p{Cf}]/gu, "").trim().slice(0, 200);
}

const FORBIDDEN = /[\\/:*?"<>|\p{Cc}\p{Cf}]+/gu;

/** A file name that every system takes, from the title of a document. */
export function fileName(title: string, ending: string): string {
  const stem = [...title.replace(FORBIDDEN, " ").replace(/\s+/g, " ").trim()].slice(0, 80).join("");
  const safe = stem.replace(/^[. ]+|[. ]+$/g, "");
  // Windows keeps these for devices.
  const isKept = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(safe);
  return `${safe === "" || isKept ? "document" : safe}.${ending}`;
}
