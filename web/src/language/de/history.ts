import type { history as English } from "../en/history";

export const history: typeof English = {
  title: "Verlauf",
  show: "Verlauf ein- oder ausblenden",
  empty: "Noch wurde nichts geschrieben.",
  loading: "Wird geladen …",
  earlier: "Früher",
  today: "Heute",
  yesterday: "Gestern",
  version: (version) => `Version ${version}`,
  versions: (first, last) => `Versionen ${first}–${last}`,
  restored: (version) => `Wiederherstellung von Version ${version}`,
  more: (count) => (count === 1 ? "1 weitere Person" : `${count} weitere`),
  origin: { request: "über die API", repair: "Reparatur" },
  openSitting: (times) => `Einzelne Versionen, ${times}`,
  someone: "Jemand",
  textAt: (version) => `Text in Version ${version}`,
  viewing: (version) => `Version ${version}`,
  changes: (count) =>
    count === 0 ? "Keine Änderungen am Text" : count === 1 ? "1 Änderung" : `${count} Änderungen`,
  changeOf: (index, count) => `Änderung ${index} von ${count}`,
  previousChange: "Vorige Änderung",
  nextChange: "Nächste Änderung",
  restore: "Wiederherstellen",
  backToLive: "Zurück zum aktuellen Text",
  showChanges: "Änderungen zeigen",
  moreRemoved: (count) => ` … und ${count} weitere Zeichen`,
};
