/** The history panel: sittings by day; one can be opened to its single versions. */

import { words } from "../language/language";
import { safeColor } from "../safe";
import { Icon } from "../ui/icon";
import { KeptNote } from "./keptnote";
import { HISTORY_TABS, type HistoryModel, type OpenedSitting } from "./model";
import { NamedList, type NamedActions } from "./namedlist";
import type { AuthorLayer } from "./authorlayer";
import type { Contribution } from "./authorspans";
import type { NamedVersions } from "./namedversion";
import { PeopleList } from "./peoplelist";
import { PlayerIcon } from "./playbackicons";
import {
  byDay,
  includes,
  originOf,
  people,
  restoredVersion,
  type HistoryEvent,
  type Origin,
  type Sitting,
} from "./sitting";
import { clockTime, dayTitle } from "./times";

const MAX_NAMES = 3;

interface ListProps {
  readonly model: HistoryModel;
  readonly names: NamedVersions;
  /** Show the text at `version`, and what has changed since `since`. */
  readonly onChoose: (version: number, since: number) => void;
}

interface HistoryPanelProps extends ListProps {
  readonly isWritable: boolean;
  readonly named: NamedActions;
  readonly onPlay: () => void;
  readonly onNameNow: () => void;
  /** Begin or end to choose two versions. */
  readonly onCompare: (isOn: boolean) => void;
  readonly layer: AuthorLayer;
  readonly onTakeBack: ((person: Contribution) => void) | null;
  /** The newest version. */
  readonly head: number;
}

export function HistoryPanel(props: HistoryPanelProps) {
  const { model, names, isWritable, named, onChoose, onPlay, onNameNow, onCompare, onTakeBack, layer, head } = props;
  const { nameNow } = words().history.names;
  const isEmpty = (model.page.value?.sittings.length ?? 0) === 0;
  return (
    <div class="history">
      <div class="history-tools">
        <button type="button" class="button button-small" disabled={isEmpty} onClick={onPlay}>
          <PlayerIcon name="play" />
          {words().playback.open}
        </button>
        <button
          type="button"
          class="button button-small history-compare"
          disabled={isEmpty}
          aria-pressed={model.picked.value !== null}
          onClick={() => onCompare(model.picked.value === null)}
        >
          <Icon name="columns" size={16} />
          {words().history.compare.start}
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={nameNow}
          data-tip={nameNow}
          disabled={isEmpty || !isWritable}
          onClick={onNameNow}
        >
          <Icon name="tag" />
        </button>
      </div>
      <Picking model={model} head={head} onChoose={onChoose} />
      <Tabs model={model} />
      {model.tab.value === "all" ? (
        <>
          <KeptNote kept={model.kept.value} />
          <Sittings {...props} />
        </>
      ) : model.tab.value === "people" ? (
        <PeopleList layer={layer} isWritable={isWritable} onTakeBack={onTakeBack} />
      ) : (
        <NamedList names={names} shown={model.shown.value} picked={model.picked.value} isWritable={isWritable} actions={named} />
      )}
    </div>
  );
}

/** What is to be chosen, and the text of now as one of the choices. */
function Picking({ model, head, onChoose }: { readonly model: HistoryModel; readonly head: number; readonly onChoose: ListProps["onChoose"] }) {
  const picked = model.picked.value;
  if (picked === null) return null;
  const { hint, now, picked: pickedWords } = words().history.compare;
  return (
    <div class="history-picking">
      <p class="hint" role="status">
        {picked.length === 0 ? hint : pickedWords(picked)}
      </p>
      <button type="button" class="button button-small" aria-pressed={picked.includes(head)} onClick={() => onChoose(head, head - 1)}>
        {now}
      </button>
    </div>
  );
}

/** What a row shows of its choice: it is the version that is seen, or one of those that are compared. */
function choiceOf(model: HistoryModel, version: number): { readonly "aria-pressed"?: boolean } {
  const picked = model.picked.value;
  return picked === null ? {} : { "aria-pressed": picked.includes(version) };
}

function Tabs({ model }: { readonly model: HistoryModel }) {
  const { label, ...titles } = words().history.tabs;
  return (
    <div class="segmented history-tabs" role="group" aria-label={label}>
      {HISTORY_TABS.map((tab) => (
        <button key={tab} type="button" aria-pressed={model.tab.value === tab} onClick={() => (model.tab.value = tab)}>
          {titles[tab]}
        </button>
      ))}
    </div>
  );
}

function Sittings({ model, names, onChoose }: ListProps) {
  const { empty, loading, earlier } = words().history;
  const page = model.page.value;
  const trouble = model.trouble.value;
  const note = trouble !== "" ? trouble : page === null ? loading : page.sittings.length === 0 ? empty : "";
  return (
    <>
      {byDay(page?.sittings ?? [], (at) => new Date(at).getTimezoneOffset()).map(({ day, at, sittings }) => (
        <section key={day}>
          <h3>{dayTitle(at)}</h3>
          <ul class="history-list">
            {sittings.map((sitting) => (
              <Entry key={sitting.first} model={model} names={names} sitting={sitting} onChoose={onChoose} />
            ))}
          </ul>
        </section>
      ))}
      <p class="hint" role="status">
        {note}
      </p>
      {page !== null && page.next !== null && (
        <button type="button" class="button" onClick={() => void model.earlier()}>
          {earlier}
        </button>
      )}
    </>
  );
}

interface EntryProps extends ListProps {
  readonly sitting: Sitting;
}

function Entry({ model, names, sitting, onChoose }: EntryProps) {
  const shown = model.shown.value;
  const isCurrent = shown !== null && includes(sitting, shown);
  const opened = model.opened.value.get(sitting.first);
  const times = timesOf(sitting);
  const { openSitting, versions, version } = words().history;
  const isOne = sitting.first === sitting.last;
  return (
    <li class={opened === undefined ? "sitting" : "sitting sitting-open"}>
      <div class="sitting-row" aria-current={isCurrent ? "true" : undefined}>
        <button
          type="button"
          class="sitting-choice"
          data-version={String(sitting.last)}
          {...choiceOf(model, sitting.last)}
          onClick={() => onChoose(sitting.last, sitting.first - 1)}
        >
          <span class="sitting-time">{times}</span>
          <span class="sitting-versions">
            {isOne ? version(sitting.last) : versions(sitting.first, sitting.last)}
          </span>
          {sitting.restored !== null && <Restored version={sitting.restored} />}
          <Names names={names} first={sitting.first} last={sitting.last} />
          <People sitting={sitting} />
        </button>
        {!isOne && (
          <button
            type="button"
            class="icon-button sitting-opener"
            aria-expanded={opened !== undefined}
            aria-label={openSitting(times)}
            onClick={() => void model.toggle(sitting)}
          >
            <span aria-hidden="true">{opened === undefined ? "▸" : "▾"}</span>
          </button>
        )}
      </div>
      {opened !== undefined && (
        <Versions model={model} names={names} sitting={sitting} opened={opened} onChoose={onChoose} />
      )}
    </li>
  );
}

function People({ sitting }: { readonly sitting: Sitting }) {
  const all = people(sitting);
  const left = all.length - MAX_NAMES;
  return (
    <span class="sitting-people">
      {all.slice(0, MAX_NAMES).map((person) => (
        <Person key={person.id} name={person.name} color={person.color} origins={person.origins} />
      ))}
      {left > 0 && <span class="sitting-more">{words().history.more(left)}</span>}
    </span>
  );
}

interface PersonProps {
  readonly name: string;
  readonly color?: string;
  readonly origins: readonly Origin[];
}

function Person({ name, color, origins }: PersonProps) {
  const { origin, someone } = words().history;
  const { chip } = words().history.takeBack;
  const marks = ([["request", origin.request], ["take-back", chip], ["repair", origin.repair]] as const).filter(([which]) =>
    origins.includes(which),
  );
  return (
    <span class="sitting-person">
      {color !== undefined && (
        <span class="sitting-dot" style={{ backgroundColor: safeColor(color) }} aria-hidden="true" />
      )}
      <bdi>{name === "" ? someone : name}</bdi>
      {marks.map(([which, label]) => (
        <span key={which} class="chip">
          {label}
        </span>
      ))}
    </span>
  );
}

/** The names in a row: of many only the newest. */
function Names({ names, first, last }: { readonly names: NamedVersions; readonly first: number; readonly last: number }) {
  const found = names.within(first, last);
  if (found.length === 0) return null;
  return (
    <span class="sitting-names">
      {found.slice(0, MAX_NAMES).map(({ name }) => (
        <bdi key={name} class="chip chip-name">
          {name}
        </bdi>
      ))}
      {found.length > MAX_NAMES && <span class="sitting-more">+{found.length - MAX_NAMES}</span>}
    </span>
  );
}

const Restored = ({ version }: { readonly version: number }) => (
  <span class="chip chip-strong sitting-restored">{words().history.restored(version)}</span>
);

interface VersionsProps extends EntryProps {
  readonly opened: OpenedSitting;
}

function Versions({ model, names, sitting, opened, onChoose }: VersionsProps) {
  const { loading, earlier } = words().history;
  const colors = new Map(sitting.authors.map(({ id, color }) => [id, color]));
  return (
    <ul class="version-list">
      {opened.events.map((event) => (
        <Version
          key={event.version}
          model={model}
          names={names}
          event={event}
          color={colors.get(event.actor.id)}
          onChoose={onChoose}
        />
      ))}
      {opened.events.length === 0 && <li class="hint">{loading}</li>}
      {opened.events.length > 0 && opened.hasEarlier && (
        <li>
          <button type="button" class="button button-small" onClick={() => void model.more(sitting)}>
            {earlier}
          </button>
        </li>
      )}
    </ul>
  );
}

interface VersionProps extends ListProps {
  readonly event: HistoryEvent;
  readonly color: string | undefined;
}

function Version({ model, names, event, color, onChoose }: VersionProps) {
  const { version, first, actor, at, session } = event;
  const { version: single, merged } = words().history;
  const restored = restoredVersion(session);
  return (
    <li>
      <button
        type="button"
        class="version-choice"
        data-single={String(version)}
        {...choiceOf(model, version)}
        aria-current={model.shown.value === version ? "true" : undefined}
        onClick={() => onChoose(version, first - 1)}
      >
        <span class="sitting-time">{clockTime(at, true)}</span>
        <span class="sitting-versions">{first === version ? single(version) : merged(first, version)}</span>
        {restored !== null && <Restored version={restored} />}
        <Names names={names} first={first} last={version} />
        <Person name={actor.name} origins={[originOf(session)]} {...(color === undefined ? {} : { color })} />
      </button>
    </li>
  );
}

function timesOf({ from, to }: Sitting): string {
  const [start, end] = [clockTime(from), clockTime(to)];
  return start === end ? end : `${start} – ${end}`;
}
