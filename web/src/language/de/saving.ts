import type { saving as English } from "../en/saving";
import { common } from "./common";

const { edits } = common;

export const saving: typeof English = {
  connecting: "Wird verbunden …",
  reconnecting: "Wird neu verbunden …",
  checking: "Verbindung wird geprüft …",
  saved: (version) => `Gespeichert · Version ${version}`,
  saving: "Wird gespeichert …",
  syncing: (count) => `${edits(count)} ${count === 1 ? "wird" : "werden"} übertragen …`,
  offline: "Offline",
  offlineKept: (count) => `Offline – ${edits(count)} auf diesem Gerät`,
  offlineInTab: (count) => `Offline – ${edits(count)} nur in diesem Tab`,
  viewOnly: (version) => `Nur lesen · Version ${version}`,
  viewOnlyKept: (count) => `Nur lesen – ${edits(count)} nicht gespeichert, auf diesem Gerät`,
  viewOnlyInTab: (count) => `Nur lesen – ${edits(count)} nicht gespeichert, nur in diesem Tab`,
  notConnected: "Nicht verbunden",
  notConnectedKept: (count) => `Nicht verbunden – ${edits(count)} nicht gespeichert, auf diesem Gerät`,
  notConnectedInTab: (count) => `Nicht verbunden – ${edits(count)} nicht gespeichert, nur in diesem Tab`,
  notAll: "Nicht alles ist gespeichert",
  pasteTooLong: (characters, limit) =>
    `Der Text wurde nicht eingefügt: Mit seinen ${characters} Zeichen wäre das Dokument länger als die erlaubten ${limit}.`,
  documentFull: (limit) =>
    `Das Dokument ist voll: Mehr als ${limit} Zeichen sind nicht möglich. Die Eingabe wurde nicht übernommen.`,
  almostFull: (limit) =>
    `Dieses Dokument ist fast voll: Mehr als ${limit} Zeichen sind nicht möglich. Am besten bald in einem neuen weiterschreiben.`,
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
  tryAgain: "Erneut versuchen",
  tryNow: "Jetzt versuchen",
  signIn: "Anmelden",
  markedReadOnly:
    "Dieses Dokument ist vom Betreiber des Servers schreibgeschützt: niemand kann es bearbeiten, nicht einmal sein Eigentümer.",
  readOnlyNow: "Dieses Dokument kann jetzt nur noch gelesen werden.",
  signedOut: "Nicht mehr angemeldet.",
  signedOutKept: (count) =>
    `Nicht mehr angemeldet. ${edits(count)} nicht gespeichert; bis zur nächsten Anmeldung hier aufbewahrt.`,
  notHere: "Dieses Dokument ist hier nicht mehr zugänglich.",
  notSaved: (count) => `${edits(count)} von hier ${count === 1 ? "konnte" : "konnten"} nicht gespeichert werden.`,
  offlineKeeping:
    "Keine Verbindung. Was geschrieben wird, bleibt auf diesem Gerät und wird gesendet, sobald sie wieder da ist.",
  offlineInTabOnly:
    "Keine Verbindung. Was geschrieben wird, bleibt in diesem Tab und wird gesendet, sobald sie wieder da ist.",
  unreachable: "Der Server ist nicht erreichbar. Diese Seite versucht es weiter.",
  unsentTitle: "Noch nicht gespeichert, nur auf diesem Gerät",
  unsentEdits: (count) => `${edits(count)} in`,
  unsentTexts: (count) => (count === 1 ? "1 Text in" : `${count} Texte in`),
  unsentGoes: "Wird automatisch gesendet, sobald es geht.",
  unsentStuck: "Im Dokument lässt sich entscheiden, was daraus wird.",
  unsentOpen: (title) => `${title} öffnen`,
  unsentAtSignOut: (count) =>
    `${edits(count)} auf diesem Gerät noch nicht gespeichert. Beim Abmelden gehen sie verloren.`,
  stopped: {
    signedOut: () => "Nicht mehr angemeldet.",
    noDocument: () => "Dieses Dokument gibt es nicht, oder es ist hier nicht zugänglich.",
    badName: () => "Der Server kann unter diesem Namen kein Dokument anlegen.",
    tooLarge: () => "Eine Änderung war größer, als der Server zulässt.",
    badMessage: () => "Der Server hat abgelehnt, was diese Seite gesendet hat.",
    other: (detail) => `Der Server öffnet dieses Dokument nicht: ${detail}`,
  },
  signOutAnyway: "Trotzdem abmelden",
};
