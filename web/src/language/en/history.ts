/** Words of the history: its panel, and the view of an old version. */

export const history = {
  title: "History",
  show: "Show or hide the history",
  empty: "Nothing has been written yet.",
  loading: "Loading…",
  earlier: "Earlier",
  today: "Today",
  yesterday: "Yesterday",
  version: (version: number): string => `version ${version}`,
  versions: (first: number, last: number): string => `versions ${first}–${last}`,
  restored: (version: number): string => `Restore of version ${version}`,
  more: (count: number): string => (count === 1 ? "1 other" : `${count} others`),
  origin: { request: "via API", repair: "repair" },
  openSitting: (times: string): string => `Single versions, ${times}`,
  someone: "Someone",
  textAt: (version: number): string => `Text at version ${version}`,
  viewing: (version: number): string => `Version ${version}`,
  changes: (count: number): string =>
    count === 0 ? "No changes in the text" : count === 1 ? "1 change" : `${count} changes`,
  changeOf: (index: number, count: number): string => `Change ${index} of ${count}`,
  previousChange: "Previous change",
  nextChange: "Next change",
  restore: "Restore",
  backToLive: "Back to the live text",
  showChanges: "Show changes",
  moreRemoved: (count: number): string => ` … and ${count} more characters`,
};
