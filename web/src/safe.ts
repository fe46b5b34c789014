/** What peers wrote, made safe to show. Pure. */

import { words } from "./language/language";

const MAX_NAME_LENGTH = 60;
const NO_COLOR = "#777777";

/** A colour that is safe to use in a style, whatever a peer wrote. */
export function safeColor(value: unknown): string {
  return typeof value === "string" && /^#[0-9a-f]{6}$/.test(value) ? value : NO_COLOR;
}

/** A name that is safe to show as text, whatever a peer wrote. */
export function safeName(value: unknown): string {
  const name = typeof value === "string" ? value.trim().slice(0, MAX_NAME_LENGTH) : "";
  return name === "" ? words().common.someone : name;
}
