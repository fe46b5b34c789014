/** A button with a menu of things to do or to choose from. */

import type { Command } from "../command/command";
import { isAvailable } from "../command/registry";
import { ariaShortcut, shortcutKeys } from "../command/shortcut";
import { words } from "../language/language";
import { useRef, useState, type ComponentChildren, type RefObject } from "../vendor/preact";
import { Icon, isIcon, type IconName } from "./icon";
import { Keys } from "./keys";
import { Popover } from "./popover";
import { Typing, indexByKey, indexByTyping } from "./roving";

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** The keys that do the same, as they are written. */
  readonly keys?: readonly string[];
  readonly ariaKeys?: string;
  /** It is one of several to choose from, and this one is chosen or not. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly run: () => void;
}

/** Entries that belong together, under a heading if they have one. */
export interface MenuGroup {
  readonly id: string;
  readonly label?: string;
  readonly entries: readonly MenuEntry[];
}

export function entryOf(command: Command, isMac: boolean): MenuEntry {
  const { id, label, shortcut, icon, active, run } = command;
  return {
    id,
    label: label(),
    ...(icon !== undefined && isIcon(icon) ? { icon } : {}),
    ...(shortcut === undefined
      ? {}
      : {
          keys: shortcutKeys(shortcut, isMac, words().command.keys),
          ariaKeys: ariaShortcut(shortcut, isMac),
        }),
    ...(active === undefined ? {} : { checked: active() }),
    disabled: !isAvailable(command),
    run,
  };
}

interface MenuButtonProps {
  readonly label: string;
  readonly class: string;
  readonly groups: () => readonly MenuGroup[];
  readonly atEnd?: boolean;
  /** In a toolbar: which tool it is, and whether it is the tab stop. */
  readonly toolId?: string;
  readonly tabIndex?: number;
  readonly disabled?: boolean;
  /** What is on the button. */
  readonly children: ComponentChildren;
}

export function MenuButton({ label, groups, atEnd = false, children, ...button }: MenuButtonProps) {
  const anchor = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<"first" | "last" | null>(null);
  return (
    <>
      <button
        ref={anchor}
        type="button"
        class={button.class}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        disabled={button.disabled ?? false}
        data-tip={open === null ? label : ""}
        {...(button.toolId === undefined ? {} : { "data-tool": button.toolId })}
        {...(button.tabIndex === undefined ? {} : { tabIndex: button.tabIndex })}
        onClick={() => setOpen(open === null ? "first" : null)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          setOpen(event.key === "ArrowDown" ? "first" : "last");
        }}
      >
        {children}
      </button>
      {open === null ? null : (
        <Popover
          anchor={anchor}
          onClose={() => setOpen(null)}
          onShown={() => {
            const items = entriesIn(list.current);
            (open === "first" ? items[0] : items[items.length - 1])?.focus();
          }}
          class="menu-list"
          role="menu"
          label={label}
          atEnd={atEnd}
        >
          <Entries list={list} groups={groups()} onDone={() => setOpen(null)} />
        </Popover>
      )}
    </>
  );
}

const entriesIn = (dom: HTMLElement | null): HTMLElement[] => [
  ...(dom?.querySelectorAll<HTMLElement>(".menu-entry") ?? []),
];

interface EntriesProps {
  readonly list: RefObject<HTMLDivElement | null>;
  readonly groups: readonly MenuGroup[];
  readonly onDone: () => void;
}

function Entries({ list, groups, onDone }: EntriesProps) {
  const typing = useRef(new Typing());
  const filled = groups.filter(({ entries }) => entries.length > 0);
  const move = (event: KeyboardEvent): void => {
    const all = entriesIn(list.current);
    const index = all.findIndex((item) => item === document.activeElement);
    const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    const next = isLetter
      ? indexByTyping(typing.current.add(event.key, event.timeStamp), all.map(wordsOf), index)
      : // Also those that cannot be run now: one should find out that they are there.
        indexByKey(event.key, { index, axis: "vertical", reachable: all.map(() => true) });
    if (event.key === "Tab") onDone();
    if (!isLetter && next === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== null) all[next]?.focus();
  };
  return (
    <div ref={list} role="presentation" onKeyDown={move}>
      {filled.map(({ id, label, entries }) => (
        <div key={id} class="menu-group" role="group" {...(label === undefined ? {} : { "aria-label": label })}>
          {label === undefined || entries.length < 2 ? null : (
            <p class="menu-heading" role="presentation">
              {label}
            </p>
          )}
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} onDone={onDone} />
          ))}
        </div>
      ))}
    </div>
  );
}

const wordsOf = (item: HTMLElement): string => item.querySelector(".menu-label")?.textContent ?? "";

function Entry({ entry, onDone }: { readonly entry: MenuEntry; readonly onDone: () => void }) {
  const { label, icon, keys, ariaKeys, checked, disabled = false, run } = entry;
  return (
    <button
      type="button"
      class="menu-entry"
      role={checked === undefined ? "menuitem" : "menuitemcheckbox"}
      tabIndex={-1}
      aria-disabled={disabled}
      {...(checked === undefined ? {} : { "aria-checked": checked })}
      {...(ariaKeys === undefined ? {} : { "aria-keyshortcuts": ariaKeys })}
      onClick={() => {
        if (disabled) return;
        // First away with the menu: what is run may take the focus.
        onDone();
        queueMicrotask(run);
      }}
    >
      <span class="menu-icon">
        {checked === true ? <Icon name="check" size={16} /> : icon === undefined ? null : <Icon name={icon} size={16} />}
      </span>
      <span class="menu-label">{label}</span>
      {keys === undefined ? null : <Keys keys={keys} />}
    </button>
  );
}
