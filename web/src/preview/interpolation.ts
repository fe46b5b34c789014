/** Between source lines and places on the page, in proportion to the known places around. Pure. */

/** A source line (from 0, with fraction) and its distance from the top, in pixels. */
export interface Marker {
  readonly line: number;
  readonly top: number;
}

/** Markers in order of lines, none above an earlier one: what is folded or floats is left out. */
export function ordered(markers: readonly Marker[]): Marker[] {
  const sorted = [...markers].sort((one, other) => one.line - other.line || one.top - other.top);
  const result: Marker[] = [];
  for (const marker of sorted) {
    const last = result[result.length - 1];
    if (last === undefined || (marker.line > last.line && marker.top >= last.top)) result.push(marker);
  }
  return result;
}

export const topOfLine = (markers: readonly Marker[], line: number): number =>
  between(markers, line, (marker) => marker.line, (marker) => marker.top);

export const lineAtTop = (markers: readonly Marker[], top: number): number =>
  between(markers, top, (marker) => marker.top, (marker) => marker.line);

function between(markers: readonly Marker[], value: number, from: (marker: Marker) => number, to: (marker: Marker) => number): number {
  const index = lastAtMost(markers.length, (at) => from(markers[at] as Marker) <= value);
  const before = markers[index];
  const after = markers[index + 1];
  if (before === undefined) return markers[0] === undefined ? 0 : to(markers[0]);
  if (after === undefined || from(after) === from(before)) return to(before);
  const part = (value - from(before)) / (from(after) - from(before));
  return to(before) + part * (to(after) - to(before));
}

/** The last of `count` places for which `holds`, which does for all before it; -1 if for none. */
export function lastAtMost(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
