/** Where source lines are in the rendered pane. */

import type { BlockList, Place } from "./blocklist";
import type { Chunk, Entry } from "./chunk";
import { lastAtMost, ordered, type Marker } from "./interpolation";

/** The chunk that the place `clientY` is in, or the one above it; -1 if there is none. */
export const chunkAt = ({ chunks }: BlockList, clientY: number): number =>
  chunks.length === 0 ? -1 : Math.max(0, lastAtMost(chunks.length, (index) => (chunks[index]?.dom.getBoundingClientRect().top ?? 0) <= clientY));

/** The blocks of a chunk whose lines and places matter for `clientY`. */
export function markersAt(list: BlockList, clientY: number): Marker[] {
  const chunk = list.chunks[chunkAt(list, clientY)];
  if (chunk === undefined) return [];
  const line = list.startOf(chunk);
  if (!chunk.isBuilt) return markersOfChunk(chunk, line);
  const index = Math.max(0, lastAtMost(chunk.entries.length, (at) => (chunk.entries[at]?.element?.getBoundingClientRect().top ?? 0) <= clientY));
  const before = chunk.entries.slice(0, index).reduce((sum, { block }) => sum + block.lines, 0);
  return markersOf({ chunk, index, line: line + before });
}

function markersOfChunk(chunk: Chunk, line: number): Marker[] {
  const { top, bottom } = chunk.dom.getBoundingClientRect();
  return [{ line, top }, { line: line + chunk.lines, top: bottom }];
}

/** The lines of one block and where they are, from the top of the window; the next block's start included. */
export function markersOf({ chunk, index, line }: Place): Marker[] {
  const entry = chunk.entries[index];
  if (entry === undefined || entry.element === null) return [];
  const box = entry.element.getBoundingClientRect();
  const inner = linesIn(entry)
    .filter((found) => found.line < entry.block.lines)
    .map((found) => ({ line: line + found.line, box: found.element.getBoundingClientRect() }))
    .filter((found) => found.box.height > 0)
    .map((found) => ({ line: found.line, top: found.box.top }));
  return ordered([{ line, top: box.top }, ...inner, { line: line + Math.max(entry.block.lines, 1), top: box.bottom }]);
}

/** What has a line of its own inside of a block; lines count from the block's first. */
function linesIn({ element }: Entry): { line: number; element: HTMLElement }[] {
  return [...(element?.querySelectorAll<HTMLElement>("[data-line]") ?? [])]
    .map((found) => ({ line: Number(found.dataset["line"]), element: found }))
    .filter(({ line }) => Number.isInteger(line) && line >= 0);
}

/** The smallest part of the pane that stands for `line`; null if there is none yet. */
export function elementOfLine(list: BlockList, line: number): HTMLElement | null {
  const place = list.placeOf(line);
  const entry = place?.chunk.entries[place.index];
  if (place === null || entry === undefined) return null;
  let found = entry.element;
  for (const { line: at, element } of linesIn(entry)) if (at <= line - place.line && element.tagName !== "INPUT") found = element;
  return found;
}

/** The source line that `target`, a part of the pane, stands for, or null. */
export function lineOfElement(list: BlockList, target: Element): number | null {
  const chunk = list.chunks.find(({ dom }) => dom.contains(target));
  if (chunk === undefined) return null;
  let line = list.startOf(chunk);
  for (const { block, element } of chunk.entries) {
    if (element?.contains(target) === true) {
      const within = Number(target.closest<HTMLElement>("[data-line]")?.dataset["line"] ?? 0);
      return line + (Number.isInteger(within) && within < block.lines ? within : 0);
    }
    line += block.lines;
  }
  return null;
}
