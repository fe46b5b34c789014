/** Words of import, export and print. */

export const transfer = {
  exportMarkdown: "Download as Markdown",
  exportHtml: "Download as a web page",
  exportWord: "Download as a Word document",
  print: "Print…",
  unknownKind: (name: string): string => `${name} is not a Markdown, text, HTML or Word file.`,
  tooLarge: (name: string, megabytes: number): string =>
    `${name} is larger than ${megabytes} MB, the most that is imported.`,
  unreadable: (name: string): string => `${name} cannot be read: it is damaged, or not what its name says.`,
  invalidBytes: (count: number): string =>
    count === 1
      ? "One place was not valid text and is shown as �."
      : `${count} places were not valid text and are shown as �.`,
  imagesLeftOut: (count: number): string =>
    count === 1 ? "One picture was left out." : `${count} pictures were left out.`,
  readOnlyNow: "Nothing was inserted: you can only read this document now.",
  tooLong: (name: string, limit: number): string =>
    `${name} does not fit: a document has at most ${limit.toLocaleString()} characters.`,
};
