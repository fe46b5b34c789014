/**
 * Cursors in awareness states: positions that stay with the text they point at, as Yjs relative
 * positions. What peers wrote is read with suspicion.
 */

import { safeColor, safeName } from "../safe";
import {
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  relativePositionToJSON,
  type Text,
} from "../vendor/yjs";

export interface Caret {
  readonly client: number;
  /** The id of the user whose caret it is; empty if it is not said. */
  readonly user: string;
  readonly anchor: number;
  readonly head: number;
  /** The place as its owner gave it: another one means that it was moved, and not only its text. */
  readonly place: string;
  readonly name: string;
  readonly color: string;
}

/** The `cursor` field for a selection in `text`. */
export function cursorState(text: Text, anchor: number, head: number): object {
  return { anchor: relative(text, anchor), head: relative(text, head) };
}

/** The carets of all clients but `self`, at their places in `text` as it is now. */
export function readCarets(
  states: ReadonlyMap<number, unknown>,
  self: number,
  text: Text,
): Caret[] {
  const carets: Caret[] = [];
  for (const [client, state] of states) {
    if (client === self || !isObject(state)) continue;
    const cursor = state["cursor"];
    if (!isObject(cursor)) continue;
    const anchor = absolute(text, cursor["anchor"]);
    const head = absolute(text, cursor["head"]);
    if (anchor === null || head === null) continue;
    const user = isObject(state["user"]) ? state["user"] : {};
    const [name, color] = [safeName(user["name"]), safeColor(user["color"])];
    const id = typeof user["id"] === "string" ? user["id"] : "";
    carets.push({ client, user: id, anchor, head, place: placeOf(cursor), name, color });
  }
  return carets.sort((one, other) => one.client - other.client);
}

const MAX_PLACE_CHARS = 400;

const placeOf = (cursor: Readonly<Record<string, unknown>>): string =>
  JSON.stringify([cursor["anchor"], cursor["head"]]).slice(0, MAX_PLACE_CHARS);

const relative = (text: Text, offset: number): unknown =>
  relativePositionToJSON(createRelativePositionFromTypeIndex(text, offset));

function absolute(text: Text, value: unknown): number | null {
  if (text.doc === null || !isObject(value)) return null;
  try {
    const position = createRelativePositionFromJSON(value);
    const found = createAbsolutePositionFromRelativePosition(position, text.doc);
    if (found === null || found.type !== text) return null;
    return Math.min(Math.max(found.index, 0), text.length);
  } catch {
    return null; // a peer's bad position is no caret
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
