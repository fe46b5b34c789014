/** Something small that hangs at a button until one is done with it: the browser's own popover. */

import { useEffect, useLayoutEffect, useRef, type ComponentChildren, type RefObject } from "../vendor/preact";
import { placeBeside, type Alignment } from "./place";

interface PopoverProps {
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
  readonly class: string;
  readonly role?: "menu" | "dialog" | "listbox";
  readonly label: string;
  /** Whether its end is in line with the end of the button; otherwise the starts are. */
  readonly atEnd?: boolean;
  /** It can be seen, so that what is in it can have the focus. */
  readonly onShown?: () => void;
  readonly children: ComponentChildren;
}

/** It closes by Escape, by a click elsewhere and where the focus leaves it. The focus goes back to its button. */
export function Popover({ anchor, onClose, atEnd = false, ...props }: PopoverProps) {
  const dom = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = dom;
    if (current === null) return;
    current.showPopover();
    place(current, anchor.current, atEnd);
    props.onShown?.();
    return () => {
      const hadFocus = current.contains(document.activeElement) || document.activeElement === document.body;
      if (current.isConnected && current.matches(":popover-open")) current.hidePopover();
      if (hadFocus) anchor.current?.focus();
    };
  }, []);
  useClosing(dom, anchor, onClose);
  return (
    <div
      ref={dom}
      popover="manual"
      class={`popover ${props.class}`}
      role={props.role ?? "dialog"}
      aria-label={props.label}
      tabIndex={-1}
    >
      {props.children}
    </div>
  );
}

function place(dom: HTMLElement, anchor: HTMLElement | null, atEnd: boolean): void {
  if (anchor === null) return;
  const rtl = getComputedStyle(anchor).direction === "rtl";
  const alignment: Alignment = atEnd === rtl ? "left" : "right";
  const size = { width: dom.offsetWidth, height: dom.offsetHeight };
  const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
  const { left, top } = placeBeside(anchor.getBoundingClientRect(), size, room, alignment);
  dom.style.left = `${left}px`;
  dom.style.top = `${top}px`;
}

function useClosing(
  dom: RefObject<HTMLElement | null>,
  anchor: RefObject<HTMLElement | null>,
  close: () => void,
): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    const isInside = ({ target }: Event): boolean =>
      target instanceof Node &&
      (dom.current?.contains(target) === true || anchor.current?.contains(target) === true);
    const elsewhere = (event: Event): void => {
      if (!isInside(event)) latest.current();
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      event.preventDefault();
      latest.current();
    };
    const moved = (): void => latest.current();
    document.addEventListener("pointerdown", elsewhere, true);
    document.addEventListener("focusin", elsewhere);
    document.addEventListener("keydown", escape, true);
    window.addEventListener("resize", moved);
    return () => {
      document.removeEventListener("pointerdown", elsewhere, true);
      document.removeEventListener("focusin", elsewhere);
      document.removeEventListener("keydown", escape, true);
      window.removeEventListener("resize", moved);
    };
  }, []);
}
