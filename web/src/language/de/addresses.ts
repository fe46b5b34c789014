import type { addresses as English } from "../en/addresses";

export const addresses: typeof English = {
  notCreated: "Noch nicht angelegt",
  absent: "Dieses Dokument gibt es noch nicht. Das erste geschriebene Zeichen legt es an.",
  create: "Jetzt anlegen",

  toStart: "Zur Startseite",
  tryAgain: "Erneut versuchen",
  notFound: "Unter dieser Adresse gibt es nichts",
  notFoundLead: "Vielleicht ist der Link vertippt, oder was hier war, ist umgezogen.",
  badName: "So kann kein Dokument heißen",
  badNameLead: "Namen in Adressen bestehen aus Buchstaben von A bis Z, Ziffern und : . _ -, höchstens 128 Zeichen. Ein Titel darf alles enthalten.",
  createTitled: (title) => `Dokument „${title}“ anlegen`,
  notAllowed: "Diese Adresse lässt sich so nicht öffnen",
  notAllowedLead: "Sie nimmt andere Anfragen an, als ein Browser für eine Seite stellt.",
  tooOften: "Zu viele Anfragen",
  tooOftenLead: "Kurz warten, dann erneut versuchen.",
  defect: "Auf dem Server ist etwas schiefgegangen",
  defectLead: "Es ist dort vermerkt. Das Geschriebene ist sicher: erneut versuchen.",
  unavailable: "Der Server ist beschäftigt oder startet neu",
  unavailableLead: "Er sollte gleich wieder da sein.",

  scriptNeeded: "Quire braucht JavaScript",
  scriptNeededLead: "JavaScript für diese Seite erlauben, dann neu laden.",
  oldBrowser: "Dieser Browser ist zu alt für Quire",
  oldBrowserLead: "Den Browser aktualisieren oder einen aktuellen Firefox, Chrome, Edge oder Safari verwenden.",
  away: "Quire ist nicht erreichbar",
  awayLead: "Ein Teil der Seite konnte nicht geladen werden. Verbindung prüfen, dann erneut versuchen.",
};
