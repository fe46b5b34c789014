/**
 * What became of the user's edits, in words.
 *
 *   connecting ──► saved ◄──► saving
 *                   │ ▲          │
 *                   ▼ │          ▼
 *              reconnecting ──► offline ──► (back) saving | saved
 *   any of them ──► stopped
 *   connecting ──► absent ──first edit──► saving
 *
 * `saved` is only ever said when the server has acknowledged every edit of this tab as durable.
 */

import { words } from "./language/language";

export type SaveKind =
  | "connecting"
  | "absent"
  | "saved"
  | "saving"
  | "reconnecting"
  | "offline"
  | "read-only"
  | "stopped";

export interface SaveFacts {
  /** Joined, and caught up with what was missed. */
  readonly live: boolean;
  /** A first state has been received, so there is a text to look at. */
  readonly loaded: boolean;
  /** The document does not exist yet. */
  readonly absent?: boolean;
  readonly version: number;
  /** Edits that the server has not acknowledged. */
  readonly pending: number;
  readonly writable: boolean;
  /** Connections that were lost or did not come about since the last time it worked. */
  readonly failures: number;
  /** The browser says that there is no network. */
  readonly networkDown: boolean;
  /** This page will not connect again by itself. */
  readonly stopped: boolean;
}

export interface SaveState {
  readonly kind: SaveKind;
  readonly words: string;
}

export function saveState(facts: SaveFacts): SaveState {
  if (facts.stopped) return { kind: "stopped", words: stoppedWords(facts) };
  if (facts.live) return liveState(facts);
  const isConnected = facts.failures === 0 && !facts.networkDown;
  if (facts.absent === true && isConnected) return absentState(facts);
  if (facts.failures <= 1 && !facts.networkDown) {
    return facts.loaded
      ? { kind: "reconnecting", words: "Reconnecting…" }
      : { kind: "connecting", words: "Connecting…" };
  }
  return {
    kind: "offline",
    words: facts.pending > 0 ? `Offline – ${countEdits(facts.pending)} kept here` : "Offline",
  };
}

const absentState = ({ pending }: SaveFacts): SaveState =>
  pending > 0
    ? { kind: "saving", words: "Saving…" }
    : { kind: "absent", words: words().addresses.notCreated };

function liveState(facts: SaveFacts): SaveState {
  if (!facts.writable) {
    const said =
      facts.pending > 0
        ? `View only – ${countEdits(facts.pending)} not saved, kept here`
        : `View only · version ${facts.version}`;
    return { kind: "read-only", words: said };
  }
  if (facts.pending > 0) return { kind: "saving", words: "Saving…" };
  return { kind: "saved", words: `Saved · version ${facts.version}` };
}

function stoppedWords(facts: SaveFacts): string {
  return facts.pending > 0
    ? `Not connected – ${countEdits(facts.pending)} not saved, kept here`
    : "Not connected";
}

export function countEdits(count: number): string {
  return count === 1 ? "1 edit" : `${count} edits`;
}
