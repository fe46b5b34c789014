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
 * `saved` is only ever said when the server has acknowledged every edit of this tab as durable, the
 * connection has answered since the page last slept, and nothing that was typed was left out.
 */

import { words } from "./language/language";

export type SaveKind =
  | "connecting"
  | "absent"
  | "saved"
  | "saving"
  | "checking"
  | "incomplete"
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
  /** They are from a time without connection. */
  readonly syncing: boolean;
  /** All of them would be there after this tab is gone. */
  readonly onDevice: boolean;
  /** Something that was typed or pasted was not inserted, and the user has not dealt with it. */
  readonly dropped: boolean;
  /** The page slept, and the connection has not answered since. */
  readonly doubted: boolean;
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
  const { saving } = words();
  const isConnected = facts.failures === 0 && !facts.networkDown;
  if (facts.absent === true && isConnected) return absentState(facts);
  if (facts.failures <= 1 && !facts.networkDown) {
    return facts.loaded
      ? { kind: "reconnecting", words: saving.reconnecting }
      : { kind: "connecting", words: saving.connecting };
  }
  return { kind: "offline", words: offlineWords(facts) };
}

const absentState = ({ pending }: SaveFacts): SaveState =>
  pending > 0
    ? { kind: "saving", words: words().saving.saving }
    : { kind: "absent", words: words().addresses.notCreated };

function liveState(facts: SaveFacts): SaveState {
  const { saving } = words();
  if (!facts.writable) return { kind: "read-only", words: readOnlyWords(facts) };
  if (facts.pending > 0) {
    return { kind: "saving", words: facts.syncing ? saving.syncing(facts.pending) : saving.saving };
  }
  if (facts.doubted) return { kind: "checking", words: saving.checking };
  if (facts.dropped) return { kind: "incomplete", words: saving.notAll };
  return { kind: "saved", words: saving.saved(facts.version) };
}

function offlineWords({ pending, onDevice }: SaveFacts): string {
  const { saving } = words();
  if (pending === 0) return saving.offline;
  return onDevice ? saving.offlineKept(pending) : saving.offlineInTab(pending);
}

function readOnlyWords({ pending, onDevice, version }: SaveFacts): string {
  const { saving } = words();
  if (pending === 0) return saving.viewOnly(version);
  return onDevice ? saving.viewOnlyKept(pending) : saving.viewOnlyInTab(pending);
}

function stoppedWords({ pending, onDevice }: SaveFacts): string {
  const { saving } = words();
  if (pending === 0) return saving.notConnected;
  return onDevice ? saving.notConnectedKept(pending) : saving.notConnectedInTab(pending);
}
