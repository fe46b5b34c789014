import type { user as English } from "../en/user";

export const user: typeof English = {
  you: "Eigenes Konto",
  youAre: (name) => `Hier als ${name}`,
  yourName: "Eigener Name",
  nameHint: "Andere sehen ihn neben der Schreibmarke und im Verlauf.",
  nameRule: "Ein Name hat mindestens einen Buchstaben.",
  save: "Speichern",
  colour: "Eigene Farbe",
  colourNumber: (number) => `Farbe ${number}`,
  account: "Konto",
  people: "Personen",
  signIn: "Anmelden",
  signOut: "Abmelden",
  theme: "Farben",
  themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
};
