/** The blocks of a rendering on the page, in chunks, kept up to date by patches. */

import type { Block, Patch } from "../markup/patch";
import { Chunk, newEntry, type Entry } from "./chunk";

/** Blocks in a new chunk; it is cut when it has grown to twice as many. */
const CHUNK_BLOCKS = 32;

/** A block, by its chunk and its index there, and the source line it starts at. */
export interface Place {
  readonly chunk: Chunk;
  readonly index: number;
  readonly line: number;
}

export class BlockList {
  readonly chunks: Chunk[] = [];

  /** @param filled is called with each entry whose content is new */
  constructor(
    private readonly dom: HTMLElement,
    private readonly filled: (entry: Entry) => void,
  ) {}

  /** All entries of chunks that are built. */
  get built(): Entry[] {
    return this.chunks.filter(({ isBuilt }) => isBuilt).flatMap(({ entries }) => entries);
  }

  /** Show these blocks in place of all that is there; what is equal at the start stays. */
  replaceAll(blocks: readonly Block[]): void {
    const old = this.chunks.flatMap(({ entries }) => entries);
    let same = 0;
    while (same < old.length && same < blocks.length && old[same]?.block.html === blocks[same]?.html) same++;
    blocks.slice(0, same).forEach((block, index) => this.renew(index, block));
    this.apply({ start: same, removed: old.length - same, inserted: blocks.slice(same) });
  }

  apply({ start, removed, inserted }: Patch): void {
    // What takes a place takes its element too, so that nothing else on the page moves.
    const kept = Math.min(removed, inserted.length);
    inserted.slice(0, kept).forEach((block, index) => this.renew(start + index, block));
    this.remove(start + kept, removed - kept);
    this.insert(start + kept, inserted.slice(kept));
  }

  /** Build one chunk that is not yet; false if all are. */
  buildNext(): boolean {
    const next = this.chunks.find(({ isBuilt }) => !isBuilt);
    next?.build();
    return next !== undefined;
  }

  /** The place of a source line. */
  placeOf(line: number): Place | null {
    let start = 0;
    let found: Place | null = null;
    for (const chunk of this.chunks) {
      const { lines } = chunk;
      if (line < start + lines || chunk === this.chunks[this.chunks.length - 1]) {
        chunk.entries.forEach(({ block }, index) => {
          if (start <= Math.max(line, 0)) found = { chunk, index, line: start };
          start += block.lines;
        });
        return found;
      }
      start += lines;
    }
    return null;
  }

  /** The source line that a chunk starts at. */
  startOf(chunk: Chunk): number {
    let line = 0;
    for (const other of this.chunks) {
      if (other === chunk) break;
      line += other.lines;
    }
    return line;
  }

  private renew(at: number, block: Block): void {
    const { chunk, index } = this.locate(at);
    chunk?.renew(index, block);
  }

  private remove(at: number, count: number): void {
    for (let left = count; left > 0; ) {
      const { chunk, index } = this.locate(at);
      if (chunk === undefined) return;
      const part = Math.min(left, chunk.entries.length - index);
      chunk.splice(index, part, []);
      left -= part;
      if (chunk.entries.length === 0) this.drop(chunk);
    }
  }

  private insert(at: number, blocks: readonly Block[]): void {
    if (blocks.length === 0) return;
    const { chunk, index } = this.locate(at > 0 ? at - 1 : 0);
    const offset = at > 0 ? index + 1 : 0;
    if (chunk !== undefined && chunk.entries.length + blocks.length <= 2 * CHUNK_BLOCKS) {
      chunk.splice(offset, 0, blocks.map(newEntry));
      return;
    }
    const next = chunk === undefined ? 0 : this.cut(chunk, offset);
    const made: Chunk[] = [];
    for (let from = 0; from < blocks.length; from += CHUNK_BLOCKS) {
      made.push(new Chunk(blocks.slice(from, from + CHUNK_BLOCKS).map(newEntry), this.filled));
    }
    this.add(next, made);
  }

  /** Make `offset` a border between two chunks; returns the index of the one behind it. */
  private cut(chunk: Chunk, offset: number): number {
    const place = this.chunks.indexOf(chunk);
    if (offset === 0) return place;
    if (offset < chunk.entries.length) this.add(place + 1, [chunk.cut(offset)]);
    return place + 1;
  }

  private add(place: number, chunks: readonly Chunk[]): void {
    const parts = document.createDocumentFragment();
    parts.append(...chunks.map(({ dom }) => dom));
    this.dom.insertBefore(parts, this.chunks[place]?.dom ?? null);
    this.chunks.splice(place, 0, ...chunks);
  }

  private drop(chunk: Chunk): void {
    chunk.dom.remove();
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
  }

  /** The chunk that the block at `at` is in; none if there is no such block. */
  private locate(at: number): { chunk: Chunk | undefined; index: number } {
    let index = at;
    for (const chunk of this.chunks) {
      if (index < chunk.entries.length) return { chunk, index };
      index -= chunk.entries.length;
    }
    return { chunk: undefined, index };
  }
}
