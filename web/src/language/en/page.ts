/** The page of a document, around the text. */

const count = (number: number, one: string, many: string): string =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

export const page = {
  home: "All documents",
  layout: "Layout",
  views: { edit: "Edit", both: "Both", view: "View" },
  alsoHere: "Also here",
  closePanel: (title: string): string => `Close ${title.toLowerCase()}`,
  statusBar: "About the text",
  place: (line: number, column: number): string => `Ln ${line}, Col ${column}`,
  selected: (lines: number, chars: number): string =>
    lines > 1
      ? `${count(lines, "line", "lines")}, ${count(chars, "character", "characters")} selected`
      : `${count(chars, "character", "characters")} selected`,
  words: (number: number): string => count(number, "word", "words"),
  chars: (number: number): string => count(number, "character", "characters"),
  charsOf: (number: number, limit: number): string =>
    `${number.toLocaleString("en")} of ${count(limit, "character", "characters")}`,
  opening: "Opening the document…",
  textOf: (name: string): string => `Text of ${name}`,
  copyOf: (title: string): string => `${title} (copy)`,
  unfinishedCopy: (title: string): string => `${title} (not all of it yet)`,
  storeTrouble: "The server cannot store edits at the moment. Yours are kept here and tried again.",
  title: "Title",
  titleFromText: "From the text",
  renameTip: "Change the title; emptied, the text gives it",
  renameDerivedTip: "The title comes from the text. Set another one",
  noHeadings: "Headings of the text will be listed here.",
  emptyHeading: "(without words)",
  people: "People here",
  goTo: (name: string): string => `Go to ${name}`,
  follow: (name: string): string => `Follow ${name}`,
  following: (name: string): string => `Following ${name}`,
  stopFollowing: (name: string): string => `Stop following ${name}`,
  stop: "Stop",
  guest: "guest",
  idle: "idle",
  partMissing: "This part of the page could not be loaded. Check your connection and try again.",
  noCaret: (name: string): string => `${name} has no cursor in the text now.`,
};
