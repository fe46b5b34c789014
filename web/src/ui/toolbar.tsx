/** A row of buttons for commands: one tab stop, arrows inside, and what does not fit in a menu at its end. */

import type { Command } from "../command/command";
import { isAvailable } from "../command/registry";
import { ariaShortcut, shortcutKeys } from "../command/shortcut";
import { words } from "../language/language";
import { useLayoutEffect, useRef, useState, type RefObject } from "../vendor/preact";
import { Icon, isIcon, type IconName } from "./icon";
import { MenuButton, entryOf } from "./menu";
import { fittingCount } from "./place";
import { indexByKey } from "./roving";

/** A button, or a button with a menu of commands of one kind. */
export type Tool = Command | ToolMenu;

export interface ToolMenu {
  readonly id: string;
  readonly label: () => string;
  readonly icon: IconName;
  readonly commands: readonly Command[];
}

export interface ToolGroup {
  readonly id: string;
  readonly tools: readonly Tool[];
}

interface ToolbarProps {
  readonly label: string;
  readonly groups: readonly ToolGroup[];
  readonly isMac: boolean;
  /** What does not fit is scrolled to, as one does with a finger, and not put into a menu. */
  readonly scrolls?: boolean;
}

export function Toolbar({ label, groups, isMac, scrolls = false }: ToolbarProps) {
  const bar = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState<string | null>(null);
  const fitting = useFitting(bar, groups.map(({ tools }) => tools.length).join());
  const count = scrolls ? groups.length : fitting;
  const shown = groups.slice(0, count);
  const rest = groups.slice(count);
  const ids = [...shown.flatMap(({ tools }) => tools.map(({ id }) => id)), ...(rest.length > 0 ? ["more"] : [])];
  const tabStop = stop !== null && ids.includes(stop) ? stop : ids[0];
  const move = (event: KeyboardEvent): void => {
    const { current } = bar;
    if (current === null || !(event.target instanceof HTMLElement) || event.target.closest("[popover]")) return;
    const buttons = [...current.querySelectorAll<HTMLElement>(".tool:not([hidden] *)")];
    const next = indexByKey(event.key, {
      index: buttons.findIndex((button) => button === document.activeElement),
      axis: "horizontal",
      reachable: buttons.map(() => true),
      rtl: getComputedStyle(current).direction === "rtl",
    });
    if (next === null) return;
    event.preventDefault();
    buttons[next]?.focus();
  };
  return (
    <div
      ref={bar}
      class={scrolls ? "toolbar toolbar-scrolls" : "toolbar"}
      role="toolbar"
      aria-label={label}
      onKeyDown={move}
      // The text keeps its focus and its selection while one clicks.
      onMouseDown={(event) => event.preventDefault()}
      onFocusIn={({ target }) => setStop(target instanceof HTMLElement ? (target.dataset["tool"] ?? null) : null)}
    >
      {groups.map(({ id, tools }, index) => (
        <div key={id} class="tool-group" role="group" hidden={index >= count}>
          {tools.map((tool) => (
            <ToolButton key={tool.id} tool={tool} isMac={isMac} isStop={tool.id === tabStop} {...standing(tool)} />
          ))}
        </div>
      ))}
      {rest.length === 0 ? null : (
        <MenuButton
          label={words().command.more}
          class="tool"
          toolId="more"
          tabIndex={tabStop === "more" ? 0 : -1}
          groups={() => rest.map(({ id, tools }) => ({ id, entries: tools.flatMap(commandsOf).map((command) => entryOf(command, isMac)) }))}
          atEnd
        >
          <Icon name="more" />
        </MenuButton>
      )}
    </div>
  );
}

const commandsOf = (tool: Tool): readonly Command[] => ("commands" in tool ? tool.commands : [tool]);

interface ToolButtonProps {
  readonly tool: Tool;
  readonly isMac: boolean;
  readonly isStop: boolean;
  readonly isOn: boolean;
  readonly available: boolean;
}

/** What can change while the tool stays the same: a component whose props are the same is not rendered again. */
const standing = (tool: Tool): Pick<ToolButtonProps, "isOn" | "available"> =>
  "commands" in tool
    ? { isOn: false, available: true }
    : { isOn: tool.active?.() === true, available: isAvailable(tool) };

function ToolButton({ tool, isMac, isStop, isOn, available }: ToolButtonProps) {
  const tabIndex = isStop ? 0 : -1;
  if ("commands" in tool) {
    return (
      <MenuButton
        label={tool.label()}
        class="tool tool-menu"
        toolId={tool.id}
        tabIndex={tabIndex}
        groups={() => [{ id: tool.id, entries: tool.commands.map((command) => entryOf(command, isMac)) }]}
      >
        <Icon name={tool.icon} />
        <Icon name="chevron-down" size={16} />
      </MenuButton>
    );
  }
  const { id, label, shortcut, icon = "", active } = tool;
  return (
    <button
      type="button"
      class="tool"
      data-tool={id}
      tabIndex={tabIndex}
      aria-label={label()}
      aria-disabled={!available}
      data-tip={label()}
      {...(active === undefined ? {} : { "aria-pressed": isOn })}
      {...(shortcut === undefined
        ? {}
        : {
            "data-keys": shortcutKeys(shortcut, isMac, words().command.keys).join(" "),
            "aria-keyshortcuts": ariaShortcut(shortcut, isMac),
          })}
      onClick={() => {
        if (available) tool.run();
      }}
    >
      {isIcon(icon) ? <Icon name={icon} /> : label()}
    </button>
  );
}

/** How many groups there is room for. */
function useFitting(bar: RefObject<HTMLElement | null>, key: string): number {
  const [count, setCount] = useState(Number.MAX_SAFE_INTEGER);
  useLayoutEffect(() => {
    const { current } = bar;
    if (current === null) return;
    current.classList.add("toolbar-measured");
    const widths = [...current.querySelectorAll<HTMLElement>(":scope > .tool-group")].map(outerWidth);
    current.classList.remove("toolbar-measured");
    const fit = (): void => {
      const style = getComputedStyle(current);
      const room = current.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd);
      setCount(fittingCount(widths, room, MORE_BUTTON_PX));
    };
    const observer = new ResizeObserver(fit);
    observer.observe(current);
    fit();
    return () => observer.disconnect();
  }, [key]);
  return count;
}

const MORE_BUTTON_PX = 48;

function outerWidth(dom: HTMLElement): number {
  const { marginInlineStart, marginInlineEnd } = getComputedStyle(dom);
  return dom.offsetWidth + parseFloat(marginInlineStart) + parseFloat(marginInlineEnd);
}
