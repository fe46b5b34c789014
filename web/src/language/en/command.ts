/** Commands of the page, and how their keys are called. */

export const command = {
  keys: { ctrl: "Ctrl", shift: "Shift" },
  viewEdit: "Edit only",
  viewBoth: "Edit and preview",
  viewView: "Preview only",
  history: "History",
  share: "Share",
};
