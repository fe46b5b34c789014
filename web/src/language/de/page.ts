import type { page as English } from "../en/page";

const count = (number: number, one: string, many: string): string =>
  `${number.toLocaleString("de")} ${number === 1 ? one : many}`;

export const page: typeof English = {
  home: "Alle Dokumente",
  layout: "Ansicht",
  views: { edit: "Text", both: "Beide", view: "Vorschau" },
  alsoHere: "Auch hier",
  closePanel: (title) => `${title} schließen`,
  statusBar: "Statusleiste",
  place: (line, column) => `Zeile ${line}, Spalte ${column}`,
  selected: (lines, chars) =>
    lines > 1
      ? `${count(lines, "Zeile", "Zeilen")}, ${count(chars, "Zeichen", "Zeichen")} ausgewählt`
      : `${count(chars, "Zeichen", "Zeichen")} ausgewählt`,
  words: (number) => count(number, "Wort", "Wörter"),
  chars: (number) => count(number, "Zeichen", "Zeichen"),
  charsOf: (number, limit) => `${number.toLocaleString("de")} von ${count(limit, "Zeichen", "Zeichen")}`,
  opening: "Das Dokument wird geöffnet …",
  textOf: (name) => `Text von ${name}`,
  copyOf: (title) => `${title} (Kopie)`,
  unfinishedCopy: (title) => `${title} (noch nicht vollständig)`,
  storeTrouble:
    "Der Server kann im Moment nichts speichern. Die Änderungen bleiben hier und werden erneut gesendet.",
  title: "Titel",
  titleFromText: "Aus dem Text",
  renameTip: "Titel ändern; bleibt das Feld leer, kommt er aus dem Text",
  renameDerivedTip: "Der Titel kommt aus dem Text. Anderen Titel setzen",
  noHeadings: "Hier stehen die Überschriften des Textes.",
  emptyHeading: "(leer)",
  people: "Wer hier ist",
  goTo: (name) => `Zu ${name} springen`,
  follow: (name) => `${name} folgen`,
  following: (name) => `Folgt ${name}`,
  stopFollowing: (name) => `${name} nicht mehr folgen`,
  stop: "Beenden",
  guest: "Gast",
  idle: "inaktiv",
  partMissing: "Dieser Teil der Seite ließ sich nicht laden. Die Verbindung prüfen, dann erneut versuchen.",
  noCaret: (name) => `${name} hat gerade keine Schreibmarke im Text.`,
};
