/** Elements in one expression. Text always becomes text nodes. */

import { locale, words } from "./language/language";

type Child = Node | string | null;

interface Attributes {
  readonly [name: string]: string | boolean | ((event: Event) => void) | undefined;
}

/** An element; `on…` attributes are listeners, `true` sets and `false` leaves out an attribute. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const dom = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") dom.addEventListener(name.slice(2), value);
    else if (value === true) dom.setAttribute(name, "");
    else if (typeof value === "string") dom.setAttribute(name, value);
  }
  for (const child of children) if (child !== null) dom.append(child);
  return dom;
}

/** `5 minutes ago`, `Yesterday` … as the browser's language says it. */
export function relativeTime(at: number, now: number): string {
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const seconds = Math.round((at - now) / 1000);
  if (seconds > -45) return words().common.justNow;
  if (seconds > -2700) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -79_200) return format.format(Math.round(seconds / 3600), "hour");
  if (seconds > -2_592_000) return format.format(Math.round(seconds / 86_400), "day");
  return new Date(at).toLocaleDateString(locale(), { dateStyle: "medium" });
}

export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
}

export function longTime(at: number): string {
  return new Date(at).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}
