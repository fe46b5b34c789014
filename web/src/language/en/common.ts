/** Words that several parts of the interface use. */

export const common = {
  close: "Close",
  cancel: "Cancel",
  copy: "Copy",
  dismiss: "Dismiss",
  edits: (count: number): string => (count === 1 ? "1 edit" : `${count} edits`),
};
