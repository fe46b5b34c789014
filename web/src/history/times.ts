/** Times and days of the history, in the language of the page. */

import { words } from "../language/language";
import { dayOf } from "./sitting";

/** The language of the page, which need not be the browser's. */
const locale = (): string | undefined => document.documentElement.lang || undefined;

export function clockTime(at: number, withSeconds = false): string {
  return new Date(at).toLocaleTimeString(locale(), {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" } : {}),
  });
}

export function longTime(at: number): string {
  return new Date(at).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

/** A day that may be of another year. */
export function shortDay(at: number): string {
  return new Date(at).toLocaleDateString(locale(), { dateStyle: "long" });
}

/** `Today`, `Yesterday`, or the date. */
export function dayTitle(at: number, now = Date.now()): string {
  const day = localDay(at);
  const today = localDay(now);
  if (day === today) return words().history.today;
  if (day === today - 1) return words().history.yesterday;
  return new Date(at).toLocaleDateString(locale(), { dateStyle: "full" });
}

const localDay = (at: number): number => dayOf(at, new Date(at).getTimezoneOffset());
