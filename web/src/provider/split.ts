/**
 * A Yjs update as several smaller ones, because the server bounds its messages. Pure.
 *
 * Merged in order the pieces are the whole. Each piece builds only on what stands before it as long
 * as the whole is written by one client, as an edit is. A long text is cut between code points.
 */

import {
  ContentString,
  Item,
  UpdateEncoderV1,
  createID,
  decodeUpdate,
  writeVarUint,
} from "../vendor/yjs";

type Decoded = ReturnType<typeof decodeUpdate>;
type Struct = Decoded["structs"][number];

interface Deletion {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

/** The least that one piece may be asked to hold: a struct with its origins, and a few letters. */
const MIN_BYTES = 256;
/** Bound of the head of a section, and of a struct without its content. */
const STRUCT_BYTES = 64;
/** UTF-8 takes three bytes at most for one UTF-16 unit. */
const UNIT_BYTES = 3;

/** Pieces of `update`, each of `maxBytes` at most unless one struct that is no text is larger. */
export function splitUpdate(update: Uint8Array, maxBytes: number): Uint8Array[] {
  if (update.length <= maxBytes) return [update];
  const room = Math.max(maxBytes, MIN_BYTES);
  const { structs, ds } = decodeUpdate(update);
  const small = structs.flatMap((struct) => cut(struct, room));
  const deletions = [...ds.clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, clock, length: len })),
  );
  return [
    ...pack(small, sizeOf, room).map((part) => encode(part, [])),
    // Deletions come last: what they delete has come by then.
    ...pack(deletions, () => DELETION_BYTES, room).map((part) => encode([], part)),
  ];
}

const DELETION_BYTES = 30;

const isText = (struct: Struct): struct is Item & { content: ContentString } =>
  struct instanceof Item && struct.content instanceof ContentString;

/** The struct, or, if it is a long text, several that each fit. */
function cut(struct: Struct, room: number): Struct[] {
  if (!isText(struct) || sizeOf(struct) <= room) return [struct];
  const units = Math.floor((room - STRUCT_BYTES * 2) / UNIT_BYTES);
  const text = struct.content.str;
  const parts: Struct[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + units, text.length);
    if (end < text.length && isLow(text.charCodeAt(end))) end -= 1;
    parts.push(partOf(struct, start, text.slice(start, end)));
    start = end;
  }
  return parts;
}

/** The part of `whole` that is `text`, which begins `offset` units behind the start of it. */
function partOf(whole: Item, offset: number, text: string): Item {
  const { client, clock } = whole.id;
  return new Item(
    createID(client, clock + offset),
    null,
    offset === 0 ? whole.origin : createID(client, clock + offset - 1),
    null,
    whole.rightOrigin,
    whole.parent,
    whole.parentSub,
    new ContentString(text),
  );
}

const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** An upper bound of the bytes of a struct; exact for what is not text. */
function sizeOf(struct: Struct): number {
  if (isText(struct)) return STRUCT_BYTES + struct.content.str.length * UNIT_BYTES;
  const encoder = new UpdateEncoderV1();
  struct.write(encoder, 0);
  return STRUCT_BYTES + encoder.toUint8Array().length;
}

/** `things` in groups whose sizes add up to `room` at most. */
function pack<T>(things: readonly T[], size: (thing: T) => number, room: number): T[][] {
  const groups: T[][] = [];
  let used = Infinity;
  for (const thing of things) {
    const needed = size(thing);
    if (used + needed > room - STRUCT_BYTES) {
      groups.push([]);
      used = 0;
    }
    groups[groups.length - 1]?.push(thing);
    used += needed;
  }
  return groups;
}

function encode(structs: readonly Struct[], deletions: readonly Deletion[]): Uint8Array {
  const encoder = new UpdateEncoderV1();
  const sections = byClient(structs, (struct) => struct.id.client);
  writeVarUint(encoder.restEncoder, sections.length);
  for (const section of sections) {
    const first = section[0];
    if (first === undefined) continue;
    writeVarUint(encoder.restEncoder, section.length);
    encoder.writeClient(first.id.client);
    writeVarUint(encoder.restEncoder, first.id.clock);
    for (const struct of section) struct.write(encoder, 0);
  }
  const groups = byClient(deletions, (deletion) => deletion.client);
  writeVarUint(encoder.restEncoder, groups.length);
  for (const group of groups) {
    const first = group[0];
    if (first === undefined) continue;
    writeVarUint(encoder.restEncoder, first.client);
    writeVarUint(encoder.restEncoder, group.length);
    for (const { clock, length } of group) {
      encoder.writeDsClock(clock);
      encoder.writeDsLen(length);
    }
  }
  return encoder.toUint8Array();
}

/** Neighbours of one client together; a client's structs stand side by side in every update. */
function byClient<T>(things: readonly T[], client: (thing: T) => number): T[][] {
  const groups: T[][] = [];
  let last: number | null = null;
  for (const thing of things) {
    if (client(thing) !== last) groups.push([]);
    last = client(thing);
    groups[groups.length - 1]?.push(thing);
  }
  return groups;
}
