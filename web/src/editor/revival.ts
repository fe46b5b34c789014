/**
 * Whether what an undo step would bring back is there again already.
 *
 * A restore, an agent or another person may write again what somebody deleted here. Undoing the
 * deletion would then give the text twice, one behind the other. Yjs cannot know that: to it the
 * text that came back is another one. So before a step is taken back, what it would revive is
 * compared with what the others have written at the same place since. No DOM, no timer.
 */

import { ContentString, type Item, type StepOfUndo, type Text } from "../vendor/yjs";

/** Clock by client: what was there when the step was recorded. */
export type StateVector = ReadonlyMap<number, number>;

export type Writer = "self" | "peer" | "program";

interface Stretch {
  /** Where in the visible text it is, or would be. */
  from: number;
  to: number;
  text: string;
  /** Written by somebody who is here, rather than by a restore or a program. */
  byPeer: boolean;
}

/**
 * @param writer who wrote what stands under that clock of a client: what one wrote oneself does not
 *   count, a person who is here means what is said, and anything else may have brought text back
 */
export function isBackAlready(
  text: Text,
  step: StepOfUndo,
  since: StateVector,
  writer: (client: number, clock: number) => Writer,
): boolean {
  if (step.deletions.clients.size === 0) return false;
  const { revived, fresh } = stretches(text, step, since, writer);
  return revived.some((gone) => fresh.some((come) => isNear(gone, come) && isSame(gone.text, come)));
}

function stretches(
  text: Text,
  step: StepOfUndo,
  since: StateVector,
  writer: (client: number, clock: number) => Writer,
): { revived: Stretch[]; fresh: Stretch[] } {
  const revived: Stretch[] = [];
  const fresh: Stretch[] = [];
  let at = 0;
  for (let item: Item | null = text._start; item !== null; item = item.right) {
    const { client, clock } = item.id;
    if (item.deleted) {
      const gone = deletedBy(step, item);
      if (gone !== "") append(revived, { from: at, to: at, text: gone, byPeer: false });
    } else if (item.countable) {
      const known = Math.min(Math.max((since.get(client) ?? 0) - clock, 0), item.length);
      const by = known < item.length ? writer(client, clock + known) : "self";
      if (by !== "self" && item.content instanceof ContentString) {
        const [from, to] = [at + known, at + item.length];
        append(fresh, { from, to, text: item.content.str.slice(known), byPeer: by === "peer" });
      }
      at += item.length;
    }
  }
  return { revived, fresh };
}

/** Clock ranges by client, as Yjs has them. */
export type ItemRanges = ReadonlyMap<number, readonly { readonly clock: number; readonly len: number }[]>;

/** Whether what can be seen of `revived` came a second time, near to it, with `come`. */
export function standsTwice(
  text: Text,
  revived: ItemRanges,
  come: ItemRanges,
  writer: (client: number, clock: number) => Writer,
): boolean {
  const back: Stretch[] = [];
  const fresh: Stretch[] = [];
  let at = 0;
  for (let item: Item | null = text._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    for (const { from, to, text: words } of within(item, revived)) {
      append(back, { from: at + from, to: at + to, text: words, byPeer: false });
    }
    for (const { from, to, text: words } of within(item, come)) {
      const by = writer(item.id.client, item.id.clock + from);
      if (by !== "self") append(fresh, { from: at + from, to: at + to, text: words, byPeer: by === "peer" });
    }
    at += item.length;
  }
  return back.some((gone) => fresh.some((one) => isNear(gone, one) && isSame(gone.text, one)));
}

/** The parts of an item's text that are in `ranges`, as places in it. */
export function within({ id, length, content }: Item, ranges: ItemRanges): { from: number; to: number; text: string }[] {
  if (!(content instanceof ContentString)) return [];
  return (ranges.get(id.client) ?? [])
    .map(({ clock, len }) => ({ from: Math.max(clock - id.clock, 0), to: Math.min(clock + len - id.clock, length) }))
    .filter(({ from, to }) => to > from)
    .map(({ from, to }) => ({ from, to, text: content.str.slice(from, to) }));
}

/** Stretches that touch are one. */
function append(list: Stretch[], next: Stretch): void {
  const last = list[list.length - 1];
  if (last === undefined || last.to !== next.from || last.byPeer !== next.byPeer) {
    list.push(next);
  } else {
    last.to = next.to;
    last.text += next.text;
  }
}

/** What of a deleted item this step deleted, and would bring back. */
function deletedBy({ deletions, insertions }: StepOfUndo, item: Item): string {
  const { content, id, length } = item;
  if (!(content instanceof ContentString)) return "";
  const inserted = (insertions.clients.get(id.client) ?? []).some(
    ({ clock, len }) => id.clock >= clock && id.clock < clock + len,
  );
  if (inserted) return "";
  return (deletions.clients.get(id.client) ?? [])
    .map(({ clock, len }) => {
      const from = Math.max(clock - id.clock, 0);
      return content.str.slice(from, Math.max(from, Math.min(clock + len - id.clock, length)));
    })
    .join("");
}

/** A difference may place what came back a little before or behind, where the text repeats itself. */
const MAX_DISTANCE_CHARS = 200;

const isNear = (gone: Stretch, come: Stretch): boolean =>
  Math.max(come.from - gone.from, gone.from - come.to) <=
  gone.text.length + come.text.length + (come.byPeer ? 0 : MAX_DISTANCE_CHARS);

const SHARED_CHARS = 6;
const MAX_COMPARED_CHARS = 50_000;

/** A person who writes a few of the same words means others; a program that does brings them back. */
function isSame(gone: string, come: Stretch): boolean {
  const [one, other] = [gone.trim(), come.text.trim()];
  if (one === "" || other === "") return gone === come.text;
  if (one === other) return true;
  if (come.byPeer) return other.length >= SHARED_CHARS && other.includes(one);
  if (one.length < SHARED_CHARS || other.length < SHARED_CHARS) {
    return one.length >= 2 && other.length >= 2 && (other.includes(one) || one.includes(other));
  }
  return sharesPart(one.slice(0, MAX_COMPARED_CHARS), other.slice(0, MAX_COMPARED_CHARS));
}

function sharesPart(one: string, other: string): boolean {
  const parts = new Set<string>();
  for (let at = 0; at + SHARED_CHARS <= one.length; at++) parts.add(one.slice(at, at + SHARED_CHARS));
  for (let at = 0; at + SHARED_CHARS <= other.length; at++) {
    if (parts.has(other.slice(at, at + SHARED_CHARS))) return true;
  }
  return false;
}
