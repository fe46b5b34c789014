/** The versions with names: those that people gave, and those of the server, marked as such. */

import { words } from "../language/language";
import { safeName } from "../safe";
import { Icon } from "../ui/icon";
import { MenuButton } from "../ui/menu";
import type { NamedVersion, NamedVersions } from "./namedversion";
import { longTime } from "./times";

export interface NamedActions {
  /** Show the text at a version, with what has changed since another one. */
  choose(version: number): void;
  restore(version: number): void;
  rename(named: NamedVersion): void;
  remove(named: NamedVersion): void;
  copyLink(version: number): void;
}

interface NamedListProps {
  readonly names: NamedVersions;
  readonly shown: number | null;
  /** Those that were chosen for a comparison, or null. */
  readonly picked: readonly number[] | null;
  readonly isWritable: boolean;
  readonly actions: NamedActions;
}

export function NamedList({ names, shown, picked, isWritable, actions }: NamedListProps) {
  const { none, withAutomatic } = words().history.names;
  const all = names.all.value;
  const trouble = names.trouble.value;
  const note = trouble !== "" ? trouble : all === null ? words().history.loading : all.length === 0 ? none : "";
  return (
    <>
      <label class="check history-check">
        <input
          type="checkbox"
          checked={names.isWithAutomatic.value}
          onChange={({ currentTarget }) => (names.isWithAutomatic.value = currentTarget.checked)}
        />
        {withAutomatic}
      </label>
      <ul class="history-list named-list">
        {(all ?? []).map((named) => (
          <NamedEntry
            key={named.name}
            named={named}
            isShown={shown === named.version}
            isPicked={picked === null ? null : picked.includes(named.version)}
            isWritable={isWritable}
            actions={actions}
          />
        ))}
      </ul>
      <p class="hint" role="status">
        {note}
      </p>
    </>
  );
}

interface NamedEntryProps {
  readonly named: NamedVersion;
  readonly isShown: boolean;
  readonly isPicked: boolean | null;
  readonly isWritable: boolean;
  readonly actions: NamedActions;
}

function NamedEntry({ named, isShown, isPicked, isWritable, actions }: NamedEntryProps) {
  const { automatic, by, menuOf, rename, nameIt, remove, copyLink } = words().history.names;
  const { version, restore } = words().history;
  const title = titleOf(named);
  return (
    <li class="named">
      <div class="sitting-row" aria-current={isShown ? "true" : undefined}>
        <button type="button" class="sitting-choice" data-named={named.name} {...(isPicked === null ? {} : { "aria-pressed": isPicked })} onClick={() => actions.choose(named.version)}>
          <bdi class="named-title">{title}</bdi>
          <span class="sitting-versions">{version(named.version)}</span>
          {named.isAutomatic ? (
            <span class="chip named-automatic">{automatic}</span>
          ) : (
            <span class="named-by">
              {longTime(named.at)}, {by} <bdi>{safeName(named.by.name)}</bdi>
            </span>
          )}
          {named.note !== "" && <bdi class="named-note">{named.note}</bdi>}
        </button>
        <MenuButton
          label={menuOf(title)}
          class="icon-button sitting-opener"
          atEnd
          groups={() => [
            {
              id: "named",
              entries: [
                { id: "restore", label: restore, icon: "undo", disabled: !isWritable, run: () => actions.restore(named.version) },
                { id: "link", label: copyLink, icon: "link", run: () => actions.copyLink(named.version) },
                {
                  id: "rename",
                  label: named.isAutomatic ? nameIt : rename,
                  icon: "edit",
                  disabled: !isWritable,
                  run: () => actions.rename(named),
                },
                { id: "remove", label: remove, icon: "trash", disabled: !isWritable, run: () => actions.remove(named) },
              ],
            },
          ]}
        >
          <Icon name="more" />
        </MenuButton>
      </div>
    </li>
  );
}

/** Automatic names are times of another zone: here it is the time. */
export const titleOf = (named: NamedVersion): string => (named.isAutomatic ? longTime(named.at) : named.name);
