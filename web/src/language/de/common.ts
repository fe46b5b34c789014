import type { common as English } from "../en/common";

export const common: typeof English = {
  close: "Schließen",
  cancel: "Abbrechen",
  copy: "Kopieren",
  dismiss: "Ausblenden",
  edits: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
  oneMoment: "Einen Moment …",
  notNow: "Gerade nicht",
  tryAgain: "Erneut versuchen",
  copied: "Kopiert",
  justNow: "gerade eben",
  someone: "Jemand",
  tooManyAttempts: (wait) => `Zu viele Versuche. In ${wait} erneut versuchen.`,
  unreachable: "Der Server ist nicht erreichbar.",
  serverError: (status) => `Der Server hat mit einem Fehler geantwortet (${status}).`,
};
