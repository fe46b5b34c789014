import type { saving as English } from "../en/saving";
import { common } from "./common";

const { edits } = common;

export const saving: typeof English = {
  connecting: "Verbinde …",
  reconnecting: "Verbinde erneut …",
  checking: "Prüfe die Verbindung …",
  saved: (version) => `Gespeichert · Version ${version}`,
  saving: "Speichere …",
  syncing: (count) => `Übertrage ${edits(count)} …`,
  offline: "Offline",
  offlineKept: (count) => `Offline – ${edits(count)} auf diesem Gerät`,
  offlineInTab: (count) => `Offline – ${edits(count)} nur in diesem Tab`,
  viewOnly: (version) => `Nur Ansicht · Version ${version}`,
  viewOnlyKept: (count) => `Nur Ansicht – ${edits(count)} nicht gespeichert, auf diesem Gerät`,
  viewOnlyInTab: (count) => `Nur Ansicht – ${edits(count)} nicht gespeichert, nur in diesem Tab`,
  notConnected: "Nicht verbunden",
  notConnectedKept: (count) => `Nicht verbunden – ${edits(count)} nicht gespeichert, auf diesem Gerät`,
  notConnectedInTab: (count) => `Nicht verbunden – ${edits(count)} nicht gespeichert, nur in diesem Tab`,
  notAll: "Nicht alles ist gespeichert",
  pasteTooLong: (characters, limit) =>
    `Der Text wurde nicht eingefügt: Mit seinen ${characters} Zeichen wäre das Dokument länger als die erlaubten ${limit}.`,
  documentFull: (limit) =>
    `Das Dokument ist voll: Es darf ${limit} Zeichen haben. Die Eingabe wurde nicht übernommen.`,
  almostFull: (limit) =>
    `Dieses Dokument ist fast voll: Mehr als ${limit} Zeichen darf es nicht haben. Am besten geht es bald in einem neuen weiter.`,
  lostEpoch: "Der Verlauf auf dem Server wurde aus einer Sicherung wiederhergestellt.",
  lostDiverged: "Dieser Tab war vom Text des Servers abgewichen.",
  lostRefused: "Der Server hat eine Änderung von hier nicht angenommen.",
  lostFull: "Im Dokument ist kein Platz für das, was hier geschrieben wurde.",
  earlierText: "Text von einem früheren Besuch wurde nicht gespeichert.",
  keptOnDevice: "Der Text liegt auf diesem Gerät.",
  keptInTab: "Der Text liegt nur in diesem Tab.",
  storageFull: "Der Speicher dieses Geräts ist voll: Was nicht gesendet ist, liegt nur in diesem Tab.",
  storageBlocked:
    "Dieser Browser speichert nichts für diese Seite: Was nicht gesendet ist, liegt nur in diesem Tab.",
  copyIt: "Kopieren",
  downloadIt: "Herunterladen",
  saveAsNew: "Als neues Dokument speichern",
  copyText: "Text kopieren",
  discard: "Verwerfen",
  tryAgain: "Noch einmal versuchen",
  tryNow: "Jetzt versuchen",
  signIn: "Anmelden",
  readOnlyNow: "Dieses Dokument kann jetzt nur noch gelesen werden.",
  signedOut: "Die Anmeldung ist beendet.",
  signedOutKept: (count) =>
    `Die Anmeldung ist beendet. ${edits(count)} nicht gespeichert, aber hier behalten bis zur nächsten Anmeldung.`,
  notHere: "Dieses Dokument ist hier nicht mehr zugänglich.",
  notSaved: (count) => `${edits(count)} von hier konnten nicht gespeichert werden.`,
  offlineKeeping:
    "Keine Verbindung. Was geschrieben wird, bleibt auf diesem Gerät und wird gesendet, sobald sie wieder da ist.",
  offlineInTabOnly:
    "Keine Verbindung. Was geschrieben wird, bleibt in diesem Tab und wird gesendet, sobald sie wieder da ist.",
  unreachable: "Der Server ist nicht zu erreichen. Diese Seite versucht es weiter.",
  unsentTitle: "Auf diesem Gerät aufgehoben, noch nicht gespeichert",
  unsentEdits: (count) => `${edits(count)} in`,
  unsentTexts: (count) => (count === 1 ? "1 Text in" : `${count} Texte in`),
  unsentGoes: "Das wird von selbst gesendet, sobald es geht.",
  unsentStuck: "Im Dokument lässt sich entscheiden, was daraus wird.",
  unsentOpen: (title) => `${title} öffnen`,
  unsentAtSignOut: (count) =>
    `${edits(count)} auf diesem Gerät sind noch nicht gespeichert. Beim Abmelden werden sie gelöscht.`,
  stopped: {
    signedOut: () => "Die Anmeldung ist beendet.",
    noDocument: () => "Dieses Dokument gibt es nicht, oder es ist hier nicht zugänglich.",
    badName: () => "Unter diesem Namen kann der Server kein Dokument führen.",
    tooLarge: () => "Eine Änderung war größer, als der Server annimmt.",
    badMessage: () => "Der Server hat abgelehnt, was diese Seite gesendet hat.",
    other: (detail) => `Der Server öffnet dieses Dokument nicht: ${detail}`,
  },
  signOutAnyway: "Trotzdem abmelden",
};
