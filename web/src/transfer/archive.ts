/**
 * The parts of a zip archive, as its directory lists them, held against bounds before anything is
 * unpacked for use. What an archive says of its sizes need not be true, so each part is unpacked once
 * and only counted. (APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16.)
 */

export class ArchiveError extends Error {}

export interface ArchivePart {
  readonly name: string;
  readonly method: number;
  readonly packed: Uint8Array;
}

const MAX_PARTS = 4_000;
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** The parts of an archive; throws `ArchiveError` if it is damaged or not of a plain kind. */
export function partsOf(bytes: Uint8Array): ArchivePart[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  if (count > MAX_PARTS) throw new ArchiveError("too many parts");
  const parts: ArchivePart[] = [];
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY) throw new ArchiveError("damaged directory");
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const start = contentAt(view, view.getUint32(at + 42, true));
    if (start + size > view.byteLength) throw new ArchiveError("truncated part");
    parts.push({ name, method, packed: bytes.subarray(start, start + size) });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return parts;
}

function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new ArchiveError("no archive");
}

function contentAt(view: DataView, header: number): number {
  if (header + 30 > view.byteLength || view.getUint32(header, true) !== LOCAL) throw new ArchiveError("damaged part");
  return header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
}

/**
 * Throw `ArchiveError` if the parts unpack to more than `maxBytes` together. No more than one piece
 * of them is in memory at a time.
 */
export async function requireBounded(parts: readonly ArchivePart[], maxBytes: number): Promise<void> {
  let left = maxBytes;
  for (const { method, packed } of parts) {
    if (method === STORED) left -= packed.byteLength;
    else if (method === DEFLATED) left -= await unpackedSize(packed, left);
    else throw new ArchiveError("unknown compression");
    if (left < 0) throw new ArchiveError("too large unpacked");
  }
}

async function unpackedSize(packed: Uint8Array, enough: number): Promise<number> {
  const unpacked = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = unpacked.getReader();
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return size;
      size += value.byteLength;
      if (size > enough) {
        await reader.cancel();
        return size;
      }
    }
  } catch {
    throw new ArchiveError("damaged part");
  }
}
