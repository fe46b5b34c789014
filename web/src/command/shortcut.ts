/**
 * Shortcuts in CodeMirror's notation: which key press is meant by one, and how it is written for the
 * user. Pure.
 *
 * `Mod` is Cmd on a Mac and Ctrl elsewhere. A press fits exactly by its modifiers and the letter on the
 * key; where the layout has no Latin letters, or Alt makes another character, by the place of the key.
 */

/** What of a `KeyboardEvent` decides. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  /** AltGr, which types characters and counts as Ctrl and Alt together on Windows. */
  readonly altGraph: boolean;
}

interface Shortcut {
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly key: string;
}

/** How well a press fits: not at all, only by the character it makes, or whole. */
export type Fit = 0 | 1 | 2;

export function fitOf(press: KeyPress, notation: string, isMac: boolean): Fit {
  if (press.altGraph) return 0;
  const { ctrl, meta, alt, shift, key } = parse(notation, isMac);
  if (press.ctrlKey !== ctrl || press.metaKey !== meta || press.altKey !== alt) return 0;
  if (press.shiftKey === shift && (press.key.toLowerCase() === key || isKeyAt(press, key))) return 2;
  // `/` and `?` stand on other keys, with Shift, on other keyboards.
  const isSign = key.length === 1 && !/[a-z0-9]/.test(key);
  return isSign && press.shiftKey && press.key === key ? 1 : 0;
}

/** The place of a key tells only where the press itself makes no other Latin letter or digit. */
function isKeyAt(press: KeyPress, key: string): boolean {
  if (/^[a-z]$/.test(key)) {
    const isLatin = /^[a-z]$/i.test(press.key);
    return press.code === `Key${key.toUpperCase()}` && (!isLatin || press.key.toLowerCase() === key);
  }
  return /^[0-9]$/.test(key) && press.code === `Digit${key}`;
}

function parse(notation: string, isMac: boolean): Shortcut {
  const parts = notation.split(/-(?!$)/);
  const key = parts.pop() ?? "";
  const has = (...names: string[]): boolean => parts.some((part) => names.includes(part));
  return {
    ctrl: has("Ctrl") || (!isMac && has("Mod")),
    meta: has("Cmd", "Meta") || (isMac && has("Mod")),
    alt: has("Alt"),
    shift: has("Shift"),
    key: key === "Space" ? " " : key.toLowerCase(),
  };
}

const MAC_SIGNS: Readonly<Record<string, string>> = {
  Enter: "↩",
  Escape: "⎋",
  Tab: "⇥",
  Backspace: "⌫",
  Delete: "⌦",
  Space: "␣",
};

const ARROWS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** The names of keys that differ between languages. */
export interface KeyNames {
  readonly ctrl: string;
  readonly shift: string;
}

/** The keys of a shortcut as they are written on the keyboard, one by one: `Ctrl`, `Shift`, `P`. */
export function shortcutKeys(notation: string, isMac: boolean, names: KeyNames): string[] {
  const { ctrl, meta, alt, shift } = parse(notation, isMac);
  const written = notation.split(/-(?!$)/).pop() ?? "";
  const key = ARROWS[written] ?? (written.length === 1 ? written.toUpperCase() : written);
  if (isMac) {
    return [
      ...(ctrl ? ["⌃"] : []),
      ...(alt ? ["⌥"] : []),
      ...(shift ? ["⇧"] : []),
      ...(meta ? ["⌘"] : []),
      MAC_SIGNS[written] ?? key,
    ];
  }
  return [
    ...(ctrl ? [names.ctrl] : []),
    ...(meta ? ["Meta"] : []),
    ...(alt ? ["Alt"] : []),
    ...(shift ? [names.shift] : []),
    key,
  ];
}

/** For `aria-keyshortcuts`. */
export function ariaShortcut(notation: string, isMac: boolean): string {
  const { ctrl, meta, alt, shift, key } = parse(notation, isMac);
  const modifiers = [ctrl && "Control", meta && "Meta", alt && "Alt", shift && "Shift"];
  return [...modifiers.filter((name) => name !== false), key.length === 1 ? key.toUpperCase() : key].join("+");
}
