/** Addresses: what is shown where there is no document, or no page. */

export const addresses = {
  notCreated: "Not created yet",
  absent: "This document does not exist yet. The first thing you write makes it.",
  create: "Create it now",

  toStart: "To the start page",
  tryAgain: "Try again",
  notFound: "There is nothing at this address",
  notFoundLead: "The link may be mistyped, or what was here has moved.",
  badName: "That is no name for a document",
  badNameLead: "The names in addresses have letters from A to Z, digits, and : . _ - in them, 128 at the most. A title can be anything you like.",
  createTitled: (title: string): string => `Create a document called “${title}”`,
  notAllowed: "This address cannot be opened that way",
  notAllowedLead: "It takes requests of another kind than a browser makes for a page.",
  tooOften: "Too many requests",
  tooOftenLead: "Wait a moment, then try again.",
  defect: "Something went wrong on the server",
  defectLead: "It is noted there. What you have written is safe: try again.",
  unavailable: "The server is busy or restarting",
  unavailableLead: "It should be back in a moment.",

  scriptNeeded: "Quire needs JavaScript",
  scriptNeededLead: "Allow JavaScript for this site, then load the page again.",
  oldBrowser: "This browser is too old for Quire",
  oldBrowserLead: "Update it, or use a current Firefox, Chrome, Edge or Safari.",
  away: "Quire cannot be reached",
  awayLead: "A part of the page could not be loaded. Check the connection, then try again.",
};
