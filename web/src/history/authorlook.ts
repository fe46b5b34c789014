/** How each person of a history is shown: a safe colour, initials and a line of its own. Pure. */

import { initials } from "../names";
import { safeColor, safeName } from "../safe";
import type { AuthorLook } from "./authorcolours";
import type { Actor } from "./sitting";

/** @param index of the person among all, which chooses the line */
export function lookOf(actor: Actor, color: string, index: number): AuthorLook {
  const name = safeName(actor.name);
  return { color: safeColor(color), initials: initials(name), name, line: index };
}
