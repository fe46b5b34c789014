import type { command as English } from "../en/command";

export const command: typeof English = {
  keys: { ctrl: "Strg", shift: "Umschalt" },
  viewEdit: "Nur Text",
  viewBoth: "Text und Vorschau",
  viewView: "Nur Vorschau",
  history: "Verlauf",
  share: "Teilen",
};
