import type { writing as English } from "../en/writing";

export const writing: typeof English = {
  commands: {
    undo: "Rückgängig",
    redo: "Wiederholen",
    bold: "Fett",
    italic: "Kursiv",
    strike: "Durchgestrichen",
    code: "Code",
    link: "Link",
    "cycle-heading": "Nächste Überschriftenebene",
    "heading-1": "Überschrift 1",
    "heading-2": "Überschrift 2",
    "heading-3": "Überschrift 3",
    "bullet-list": "Aufzählung",
    "ordered-list": "Nummerierte Liste",
    "task-list": "Aufgabenliste",
    "toggle-task": "Aufgabe abhaken oder wieder öffnen",
    quote: "Zitat",
    "code-block": "Codeblock",
    table: "Tabelle einfügen",
    rule: "Trennlinie einfügen",
    indent: "Einrücken",
    outdent: "Ausrücken",
    "move-line-up": "Zeile nach oben",
    "move-line-down": "Zeile nach unten",
    "table-add-row": "Tabelle: Zeile darunter einfügen",
    "table-remove-row": "Tabelle: Zeile entfernen",
    "table-add-column": "Tabelle: Spalte einfügen",
    "table-remove-column": "Tabelle: Spalte entfernen",
    "table-align-column": "Tabelle: Spalte anders ausrichten",
    "table-format": "Tabelle: Spalten gleich breit machen",
    find: "Suchen und ersetzen",
  },
  tableHeading: "Spalte",
  find: {
    title: "Suchen und ersetzen",
    find: "Suchen",
    replace: "Ersetzen durch",
    previous: "Vorheriger Treffer",
    next: "Nächster Treffer",
    matchCase: "Groß- und Kleinschreibung beachten",
    wholeWord: "Ganze Wörter",
    regexp: "Regulärer Ausdruck",
    selectAll: "Alle Treffer auswählen",
    replaceOne: "Ersetzen",
    replaceAll: "Alle ersetzen",
    invalid: "Kein gültiger Ausdruck",
    count: ({ current, total, more }) => {
      if (total === 0) return "Keine Treffer";
      const all = `${total}${more ? "+" : ""}`;
      if (current > 0) return `${current} von ${all}`;
      return total === 1 ? "1 Treffer" : `${all} Treffer`;
    },
  },
  wayOut: "Tab rückt ein. Escape, dann Tab, verlässt den Text.",
  tabLeaves: "Tab verlässt jetzt den Text.",
};
