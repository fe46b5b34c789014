/** The banner about the connection and about what one may do: its words and its actions. Pure. */

import type { DeviceTrouble } from "../device/device";
import { words } from "../language/language";
import type { SessionView } from "../provider/sessionevent";
import type { SaveKind } from "../savestate";
import type { ShownLeftover } from "../unsent/sendingplan";
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

/**
 * @param isOfflineLong the connection has been away for longer than a moment
 * @param onDevice what is written is still there after this tab is gone
 */
export function connectionNotice(
  view: SessionView,
  kind: SaveKind,
  isOfflineLong: boolean,
  onDevice: boolean,
  actions: NoticeActions,
): BannerContent | null {
  const { saving } = words();
  if (view.stopped !== null) return stoppedNotice(view, actions);
  if (kind === "absent") return absentNotice(actions);
  if (kind === "offline") return isOfflineLong ? offlineNotice(view, onDevice, actions) : null;
  if (kind === "read-only" && view.pending > 0) {
    return {
      tone: "warning",
      words: `${saving.readOnlyNow} ${notSaved(view.pending)}`,
      actions: [...rescue(actions), { label: saving.discard, run: actions.discard }],
    };
  }
  return null;
}

/** The reason why nobody may edit a document. */
export function markedNotice(isMarked: boolean, kind: SaveKind): BannerContent | null {
  if (!isMarked || kind !== "read-only") return null;
  return { tone: "neutral", words: words().saving.markedReadOnly, actions: [] };
}

const absentNotice = ({ create }: NoticeActions): BannerContent => ({
  tone: "neutral",
  words: words().addresses.absent,
  actions: [{ label: words().addresses.create, run: create }],
});

/** Said when it matters: while something is not saved. */
export function deviceNotice(trouble: DeviceTrouble | null, kind: SaveKind): BannerContent | null {
  if (trouble === null || kind === "saved" || kind === "saving" || kind === "connecting") return null;
  const { storageFull, storageBlocked } = words().saving;
  return { tone: "warning", words: trouble === "full" ? storageFull : storageBlocked, actions: [] };
}

function stoppedNotice(view: SessionView, actions: NoticeActions): BannerContent {
  const { pending, stopped } = view;
  const { saving } = words();
  switch (stopped?.cause) {
    case "signed-out":
      return {
        tone: "warning",
        words: pending > 0 ? saving.signedOutKept(pending) : saving.signedOut,
        actions: [
          { label: saving.signIn, run: actions.signIn },
          ...(pending > 0 ? [{ label: saving.copyText, run: actions.copy }] : []),
        ],
      };
    case "refused":
      return {
        tone: "error",
        words: `${saving.notHere} ${notSaved(pending)}`,
        actions: [
          ...rescue(actions),
          { label: saving.tryAgain, run: actions.tryAgain },
          ...(pending > 0 ? [{ label: saving.discard, run: actions.discard }] : []),
        ],
      };
    default:
      return {
        tone: "error",
        words: stopped === null ? "" : saving.stopped[stopped.reason](stopped.detail ?? ""),
        actions: [
          { label: saving.tryAgain, run: actions.tryAgain },
          ...(view.loaded ? rescue(actions) : []),
        ],
      };
  }
}

function offlineNotice(
  view: SessionView,
  onDevice: boolean,
  actions: NoticeActions,
): BannerContent {
  const { saving } = words();
  const kept = onDevice ? saving.offlineKeeping : saving.offlineInTabOnly;
  return {
    tone: "neutral",
    words: view.loaded ? kept : saving.unreachable,
    actions: [{ label: saving.tryNow, run: actions.tryAgain }],
  };
}

const notSaved = (pending: number): string =>
  pending === 0 ? "" : words().saving.notSaved(pending);

function rescue({ copy, saveAsNew }: NoticeActions): BannerAction[] {
  const { saving } = words();
  return [
    { label: saving.copyText, run: copy },
    ...(saveAsNew === null ? [] : [{ label: saving.saveAsNew, run: saveAsNew }]),
  ];
}

const MAX_LINKS = 3;

interface ElsewhereDeeds {
  open(document: string): void;
  dismiss(): void;
}

/** What this device keeps of other documents, or null for nothing. */
export function elsewhereNotice(
  left: readonly ShownLeftover[],
  titleOf: (document: string) => string,
  deeds: ElsewhereDeeds,
): BannerContent | null {
  if (left.length === 0) return null;
  const { saving, common } = words();
  const parts = left.slice(0, MAX_LINKS).flatMap(({ document, edits, texts }) => [
    ...(edits === 0 ? [] : [`${saving.unsentEdits(edits)} ${titleOf(document)}`]),
    ...(texts === 0 ? [] : [`${saving.unsentTexts(texts)} ${titleOf(document)}`]),
  ]);
  const more = left.length > MAX_LINKS ? " …" : "";
  return {
    tone: left.some(({ isStuck }) => isStuck) ? "warning" : "neutral",
    words: `${saving.unsentTitle}: ${parts.join(", ")}${more}`,
    actions: [
      ...left.slice(0, MAX_LINKS).map(({ document }) => ({
        label: saving.unsentOpen(titleOf(document)),
        run: () => deeds.open(document),
      })),
      { label: common.dismiss, run: () => deeds.dismiss() },
    ],
  };
}
