import type { common as English } from "../en/common";

export const common: typeof English = {
  close: "Schließen",
  cancel: "Abbrechen",
  copy: "Kopieren",
  dismiss: "Ausblenden",
  edits: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
};
