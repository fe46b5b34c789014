/**
 * The tooltips of a page: one element for all of them. A control says in `data-tip` what it is called,
 * and in `data-keys` what its shortcut is, key by key with spaces between.
 */

import { useEffect, useRef, useState } from "../vendor/preact";
import { Keys } from "./keys";
import { placeBeside } from "./place";

const DELAY_MS = 450;

interface Tip {
  readonly anchor: HTMLElement;
  readonly words: string;
  readonly keys: readonly string[];
  /** The pointer may go onto it, to read it; one that the focus brought must not lie in its way. */
  readonly isHovered: boolean;
}

export function Tooltips() {
  const [tip, setTip] = useState<Tip | null>(null);
  const dom = useRef<HTMLDivElement>(null);
  useEffect(() => listen(setTip), []);
  useEffect(() => {
    const { current } = dom;
    if (tip === null || current === null) return;
    current.showPopover();
    const size = { width: current.offsetWidth, height: current.offsetHeight };
    const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
    const { left, top } = placeBeside(tip.anchor.getBoundingClientRect(), size, room, "center", 6);
    current.style.left = `${left}px`;
    current.style.top = `${top}px`;
    return () => current.hidePopover();
  }, [tip]);
  return (
    // The control is named so itself: to those who listen this is a repetition.
    <div
      ref={dom}
      popover="manual"
      class={tip?.isHovered === false ? "tooltip tooltip-passed" : "tooltip"}
      aria-hidden="true"
      onPointerLeave={() => setTip(null)}
    >
      {tip?.words}
      {tip === null || tip.keys.length === 0 ? null : <Keys keys={tip.keys} />}
    </div>
  );
}

/** Show on hover, and on focus by the keyboard; hide on Escape, a press, and where neither is left. */
function listen(show: (tip: Tip | null) => void): () => void {
  let timer: number | undefined;
  let shown: HTMLElement | null = null;
  const hide = (): void => {
    window.clearTimeout(timer);
    shown = null;
    show(null);
  };
  const hover = (event: PointerEvent): void => {
    if (event.pointerType === "touch" || isTip(event.target)) return;
    const anchor = anchorOf(event.target);
    if (anchor === shown && anchor !== null) return;
    hide();
    if (anchor !== null) timer = window.setTimeout(() => reveal(anchor, true), DELAY_MS);
  };
  const focus = (event: FocusEvent): void => {
    const anchor = anchorOf(event.target);
    if (anchor?.matches(":focus-visible") === true) reveal(anchor, false);
    else hide();
  };
  const reveal = (anchor: HTMLElement, isHovered: boolean): void => {
    const { tip = "", keys = "" } = anchor.dataset;
    if (tip === "" || !anchor.isConnected) return;
    shown = anchor;
    show({ anchor, words: tip, keys: keys === "" ? [] : keys.split(" "), isHovered });
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") hide();
  };
  const listeners: readonly [string, (event: never) => void][] = [
    ["pointerover", hover],
    ["pointerdown", hide],
    ["focusin", focus],
    ["focusout", hide],
    ["keydown", escape],
    ["scroll", hide],
  ];
  for (const [type, listener] of listeners) document.addEventListener(type, listener as EventListener, true);
  return () => {
    hide();
    for (const [type, listener] of listeners) document.removeEventListener(type, listener as EventListener, true);
  };
}

const anchorOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;

const isTip = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest(".tooltip") !== null;
