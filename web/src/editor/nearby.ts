/** Who writes near to one's own caret, in words: for who does not see the others' carets. Pure. */

import { words } from "../language/language";
import type { EditorState } from "../vendor/codemirror";
import type { Caret } from "./presence";

/** Lines between two carets that are near to each other. */
const NEAR_LINES = 10;
const MAX_NAMES = 4;

/** The nearest first; who has several windows is told once, where they are nearest. */
export function whoIsNear({ doc, selection }: EditorState, carets: readonly Caret[]): string {
  const text = words().writing.near;
  const here = doc.lineAt(selection.main.head).number;
  const found = new Map<string, { name: string; lines: number }>();
  for (const { client, user, name, head } of carets) {
    const lines = doc.lineAt(Math.min(head, doc.length)).number - here;
    const key = user === "" ? String(client) : user;
    const known = found.get(key);
    if (Math.abs(lines) > NEAR_LINES || (known !== undefined && Math.abs(known.lines) <= Math.abs(lines))) continue;
    found.set(key, { name, lines });
  }
  const near = [...found.values()].sort((one, other) => Math.abs(one.lines) - Math.abs(other.lines));
  if (near.length === 0) return text.nobody;
  const said = near.slice(0, MAX_NAMES).map(({ name, lines }) => {
    if (lines === 0) return text.line(name);
    return lines < 0 ? text.above(name, -lines) : text.below(name, lines);
  });
  if (near.length > MAX_NAMES) said.push(text.more(near.length - MAX_NAMES));
  return `${said.join(", ")}.`;
}
