/** Words that several parts of the interface use. */

export const common = {
  close: "Close",
  cancel: "Cancel",
  copy: "Copy",
  dismiss: "Dismiss",
  edits: (count: number): string => (count === 1 ? "1 edit" : `${count} edits`),
  oneMoment: "One moment…",
  notNow: "Not now",
  tryAgain: "Try again",
  copied: "Copied",
  justNow: "just now",
  someone: "Someone",
  tooManyAttempts: (wait: string): string => `Too many attempts. Try again in ${wait}.`,
  unreachable: "The server cannot be reached.",
  serverError: (status: number): string => `The server answered with an error (${status}).`,
};
