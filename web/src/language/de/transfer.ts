import type { transfer as English } from "../en/transfer";

export const transfer: typeof English = {
  exportMarkdown: "Als Markdown herunterladen",
  exportHtml: "Als Webseite herunterladen",
  exportWord: "Als Word-Dokument herunterladen",
  print: "Drucken …",
  unknownKind: (name) => `${name} ist keine Markdown-, Text-, HTML- oder Word-Datei.`,
  tooLarge: (name, megabytes) =>
    `${name} ist größer als ${megabytes} MB; mehr wird nicht importiert.`,
  unreadable: (name) => `${name} ist nicht lesbar: beschädigt, oder nicht das, was der Name sagt.`,
  invalidBytes: (count) =>
    count === 1
      ? "Eine Stelle war kein gültiger Text und erscheint als �."
      : `${count} Stellen waren kein gültiger Text und erscheinen als �.`,
  imagesLeftOut: (count) =>
    count === 1 ? "Ein Bild wurde weggelassen." : `${count} Bilder wurden weggelassen.`,
  readOnlyNow: "Es wurde nichts eingefügt: Dieses Dokument kann jetzt nur noch gelesen werden.",
  tooLong: (name, limit) =>
    `${name} passt nicht: Ein Dokument hat höchstens ${limit.toLocaleString("de")} Zeichen.`,
};
