/** What became of the user's edits, and of texts that could not be saved. */

import { common } from "./common";

const { edits } = common;

export const saving = {
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  checking: "Checking the connection…",
  saved: (version: number): string => `Saved · version ${version}`,
  saving: "Saving…",
  syncing: (count: number): string => `Syncing ${edits(count)}…`,
  offline: "Offline",
  offlineKept: (count: number): string => `Offline – ${edits(count)} kept on this device`,
  offlineInTab: (count: number): string => `Offline – ${edits(count)} kept in this tab only`,
  viewOnly: (version: number): string => `View only · version ${version}`,
  viewOnlyKept: (count: number): string => `View only – ${edits(count)} not saved, kept on this device`,
  viewOnlyInTab: (count: number): string => `View only – ${edits(count)} not saved, kept in this tab only`,
  notConnected: "Not connected",
  notConnectedKept: (count: number): string => `Not connected – ${edits(count)} not saved, kept on this device`,
  notConnectedInTab: (count: number): string => `Not connected – ${edits(count)} not saved, kept in this tab only`,
  notAll: "Not everything is saved",
  pasteTooLong: (characters: string, limit: string): string =>
    `That text was not inserted: with its ${characters} characters the document would be longer than the ${limit} that it may have.`,
  documentFull: (limit: string): string =>
    `The document is full: it may have ${limit} characters. What you typed was not inserted.`,
  almostFull: (limit: string): string =>
    `This document is almost full: it may have ${limit} characters. Go on in a new one soon.`,
  lostEpoch: "The server's history was restored from a backup.",
  lostDiverged: "This tab had drifted away from the server's text.",
  lostRefused: "The server did not accept an edit made here.",
  lostFull: "The document has no room for what was written here.",
  earlierText: "Text from an earlier visit was not saved.",
  keptOnDevice: "Your text was kept on this device.",
  keptInTab: "Your text is kept in this tab only.",
  storageFull: "The storage of this device is full: what is not sent is kept in this tab only.",
  storageBlocked: "This browser stores nothing for this page: what is not sent is kept in this tab only.",
  copyIt: "Copy it",
  downloadIt: "Download it",
  saveAsNew: "Save as new document",
  copyText: "Copy text",
  discard: "Discard",
  tryAgain: "Try again",
  tryNow: "Try now",
  signIn: "Sign in",
  markedReadOnly: "An operator has made this document read-only: nobody can edit it, not even its owner.",
  readOnlyNow: "You can only read this document now.",
  signedOut: "You are signed out.",
  signedOutKept: (count: number): string =>
    `You are signed out. ${edits(count)} not saved: kept here until you sign in again.`,
  notHere: "This document is no longer there for you.",
  notSaved: (count: number): string => `${edits(count)} of yours could not be saved.`,
  offlineKeeping: "You are offline. What you write is kept on this device and sent when the connection is back.",
  offlineInTabOnly: "You are offline. What you write is kept in this tab and sent when the connection is back.",
  unreachable: "The server cannot be reached. This page goes on trying.",
  unsentTitle: "Kept on this device, not saved yet",
  unsentEdits: (count: number): string => `${edits(count)} in`,
  unsentTexts: (count: number): string => (count === 1 ? "1 text in" : `${count} texts in`),
  unsentGoes: "This is sent by itself as soon as that is possible.",
  unsentStuck: "Open the document to say what becomes of it.",
  unsentOpen: (title: string): string => `Open ${title}`,
  unsentAtSignOut: (count: number): string =>
    `${edits(count)} on this device not saved yet. Signing out deletes ${count === 1 ? "it" : "them"}.`,
  stopped: {
    signedOut: (): string => "You are signed out.",
    noDocument: (): string => "There is no such document, or you may not open it.",
    badName: (): string => "The server cannot serve this document name.",
    tooLarge: (): string => "An edit was larger than the server takes.",
    badMessage: (): string => "The server refused what this page sent.",
    other: (detail: string): string => `The server does not open this document: ${detail}`,
  },
  signOutAnyway: "Sign out all the same",
};
