/** The bar over an old version: which one it is, what changed there, and what one can do with it. */

import { words } from "../language/language";
import { Icon } from "../ui/icon";
import { MenuButton } from "../ui/menu";
import { Fragment } from "../vendor/preact";
import type { PastLayout, PastView, Shown } from "./pastview";
import { restoredVersion, type HistoryEvent } from "./sitting";
import { longTime } from "./times";

export function PastBar({ view }: { readonly view: PastView }) {
  const { restore, backToLive, showChanges } = words().history;
  const shown = view.state;
  if (shown === null) return null;
  const { event, isMarked, isComparison } = shown;
  const { actions } = view;
  return (
    <div class="banner banner-version" role="status">
      <span class="banner-words">{isComparison ? <Compared shown={shown} /> : <Viewed view={view} event={event} />}</span>
      {!isComparison && (
        <label class="past-toggle">
          <input type="checkbox" checked={isMarked} onChange={({ currentTarget }) => view.setMarked(currentTarget.checked)} />
          {showChanges}
        </label>
      )}
      {isMarked && <Steps view={view} shown={shown} />}
      {isMarked && actions.isWide.value && <LayoutChoice view={view} />}
      {!isComparison && (
        <button
          type="button"
          class="button button-small button-primary"
          disabled={!actions.isWritable.value}
          onClick={() => view.restore()}
        >
          {restore}
        </button>
      )}
      <button type="button" class="button button-small" onClick={() => view.back()}>
        {backToLive}
      </button>
      <More view={view} shown={shown} />
    </div>
  );
}

/** Which version it is, how it is called, and whose. */
function Viewed({ view, event }: { readonly view: PastView; readonly event: HistoryEvent }) {
  const { viewing, restored } = words().history;
  const brought = restoredVersion(event.session);
  return (
    <>
      {viewing(event.version)} ·{" "}
      {view.actions.namesOf(event.version).map((name) => (
        <Fragment key={name}>
          <bdi class="chip chip-name">{name}</bdi>{" "}
        </Fragment>
      ))}
      <bdi>{event.actor.name}</bdi> · {longTime(event.at)}
      {brought !== null && ` · ${restored(brought)}`}
    </>
  );
}

const Compared = ({ shown }: { readonly shown: Shown }) => (
  <>{words().history.compare.bar(shown.since, shown.event.version)}</>
);

function LayoutChoice({ view }: { readonly view: PastView }) {
  const { layout, inline, beside } = words().history.compare;
  const choice = (which: PastLayout, label: string) => (
    <button type="button" aria-pressed={view.isBeside === (which === "beside")} onClick={() => view.setLayout(which)}>
      {label}
    </button>
  );
  return (
    <span class="segmented past-layout" role="group" aria-label={layout}>
      {choice("inline", inline)}
      {choice("beside", beside)}
    </span>
  );
}

function More({ view, shown }: { readonly view: PastView; readonly shown: Shown }) {
  const { menu, compare, takeBack } = words().history;
  const { nameThis, copyLink } = words().history.names;
  const { actions } = view;
  const { event, since, isComparison } = shown;
  const disabled = !actions.isWritable.value;
  const restores = isComparison
    ? [since, event.version].map((version) => ({
        id: `restore-${version}`,
        label: compare.restore(version),
        icon: "undo" as const,
        disabled,
        run: () => actions.restore(version),
      }))
    : [];
  return (
    <MenuButton
      label={menu}
      class="icon-button"
      atEnd
      groups={() => [
        {
          id: "version",
          entries: [
            ...restores,
            { id: "name", label: nameThis, icon: "tag", disabled, run: () => actions.name(event.version) },
            { id: "link", label: copyLink, icon: "link", run: () => actions.copyLink(event.version) },
            { id: "take-back", label: takeBack.these, icon: "undo", disabled, run: () => actions.takeBack(since, event.version, null) },
            {
              id: "take-back-selected",
              label: takeBack.selected,
              icon: "undo",
              disabled: disabled || view.selected === null,
              run: () => actions.takeBack(since, event.version, view.selected),
            },
            { id: "play", label: words().playback.openHere, icon: "history", run: () => actions.play() },
          ],
        },
      ]}
    >
      <Icon name="more" />
    </MenuButton>
  );
}

function Steps({ view, shown }: { readonly view: PastView; readonly shown: Shown }) {
  const { changes, changeOf, previousChange, nextChange } = words().history;
  const { copyOld } = words().history.compare;
  const count = shown.changes.length;
  const { current } = shown;
  return (
    <span class="past-steps">
      <span>{current === null ? changes(count) : changeOf(current + 1, count)}</span>
      <button type="button" class="icon-button" aria-label={previousChange} disabled={count === 0} onClick={() => view.step(-1)}>
        ▲
      </button>
      <button type="button" class="icon-button" aria-label={nextChange} disabled={count === 0} onClick={() => view.step(1)}>
        ▼
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={copyOld}
        data-tip={copyOld}
        disabled={view.oldParagraph === ""}
        onClick={() => view.actions.copy(view.oldParagraph)}
      >
        <Icon name="copy" size={16} />
      </button>
    </span>
  );
}
