/** The banner about the connection and about what one may do: its words and its actions. Pure. */

import { words } from "../language/language";
import type { SessionView } from "../provider/core";
import { countEdits, type SaveKind } from "../savestate";
import type { BannerAction, BannerContent } from "./bannerlist";

export interface NoticeActions {
  readonly copy: () => void;
  /** Make a document that does not exist yet. */
  readonly create: () => void;
  readonly tryAgain: () => void;
  readonly signIn: () => void;
  /** Null for whoever may not create documents. */
  readonly saveAsNew: (() => void) | null;
  readonly discard: () => void;
}

/** @param isOfflineLong the connection has been away for longer than a moment */
export function connectionNotice(
  view: SessionView,
  kind: SaveKind,
  isOfflineLong: boolean,
  actions: NoticeActions,
): BannerContent | null {
  if (view.stopped !== null) return stoppedNotice(view, actions);
  if (kind === "absent") return absentNotice(actions);
  if (kind === "offline") return isOfflineLong ? offlineNotice(view, actions) : null;
  if (kind === "read-only" && view.pending > 0) {
    return {
      tone: "warning",
      words: `You can only read this document now. ${notSaved(view.pending)}`,
      actions: [...rescue(actions), { label: "Discard", run: actions.discard }],
    };
  }
  return null;
}

const absentNotice = ({ create }: NoticeActions): BannerContent => ({
  tone: "neutral",
  words: words().addresses.absent,
  actions: [{ label: words().addresses.create, run: create }],
});

function stoppedNotice(view: SessionView, actions: NoticeActions): BannerContent {
  const { pending, stopped } = view;
  switch (stopped?.cause) {
    case "signed-out":
      return {
        tone: "warning",
        words:
          pending > 0
            ? `You are signed out. ${countEdits(pending)} not saved: kept here until you sign in again.`
            : "You are signed out.",
        actions: [
          { label: "Sign in", run: actions.signIn },
          ...(pending > 0 ? [{ label: "Copy text", run: actions.copy }] : []),
        ],
      };
    case "refused":
      return {
        tone: "error",
        words: `This document is no longer there for you. ${notSaved(pending)}`,
        actions: [...rescue(actions), { label: "Try again", run: actions.tryAgain }],
      };
    default:
      return {
        tone: "error",
        words: stopped?.words ?? "",
        actions: [
          { label: "Try again", run: actions.tryAgain },
          ...(view.loaded ? [{ label: "Copy text", run: actions.copy }] : []),
        ],
      };
  }
}

const offlineNotice = (view: SessionView, actions: NoticeActions): BannerContent => ({
  tone: "neutral",
  words: view.loaded
    ? "You are offline. What you write is kept in this tab and sent when the connection is back."
    : "The server cannot be reached. This page goes on trying.",
  actions: [{ label: "Try now", run: actions.tryAgain }],
});

const notSaved = (pending: number): string =>
  pending === 0 ? "" : `${countEdits(pending)} of yours could not be saved.`;

const rescue = ({ copy, saveAsNew }: NoticeActions): BannerAction[] => [
  { label: "Copy text", run: copy },
  ...(saveAsNew === null ? [] : [{ label: "Save as new document", run: saveAsNew }]),
];
