/** Rectangles of selections, and rows of names that would cover each other. Pure. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** An end of a selection: where it is on the screen, and whether its paragraph runs to the left. */
export interface End extends Box {
  readonly isRtl: boolean;
}

/**
 * At most three rectangles: of the first line, of the lines between, of the last one.
 *
 * An end that is null lies outside of `area`, in which everything is drawn. Two places are measured for a
 * selection of any length; a line that mixes directions is coloured from the one to the other.
 */
export function selectionBoxes(start: End | null, end: End | null, area: Box): Box[] {
  if (start !== null && end !== null && end.top < start.bottom - 1) {
    const [left, right] = [Math.min(start.left, end.left), Math.max(start.left, end.left)];
    return [{ left, right, top: Math.min(start.top, end.top), bottom: Math.max(start.bottom, end.bottom) }];
  }
  const boxes: Box[] = [];
  if (start !== null) boxes.push(toLineEnd(start, area));
  boxes.push({ ...area, top: start?.bottom ?? area.top, bottom: end?.top ?? area.bottom });
  if (end !== null) boxes.push(fromLineStart(end, area));
  return boxes.filter(({ left, top, right, bottom }) => right > left && bottom > top);
}

const toLineEnd = ({ left, top, bottom, isRtl }: End, area: Box): Box =>
  isRtl ? { left: area.left, right: left, top, bottom } : { left, right: area.right, top, bottom };

const fromLineStart = ({ left, top, bottom, isRtl }: End, area: Box): Box =>
  isRtl ? { left, right: area.right, top, bottom } : { left: area.left, right: left, top, bottom };

/** Width of a name that is not measured: as wide as wide letters. */
const NAME_CHAR_PX = 8;
const NAME_PADDING_PX = 12;
const MAX_NAME_PX = 224;

export const nameWidth = (name: string): number =>
  Math.min(MAX_NAME_PX, name.length * NAME_CHAR_PX + NAME_PADDING_PX);

/** For each name the row that it stands in, 0 beside its caret, so that no two of a line overlap. */
export function nameRows(names: readonly { readonly left: number; readonly top: number; readonly width: number }[]): number[] {
  const rows = new Array<number>(names.length).fill(0);
  const order = names.map((_, index) => index).sort((one, other) => at(names, one).left - at(names, other).left);
  const ends = new Map<string, number>();
  for (const index of order) {
    const { left, top, width } = at(names, index);
    let row = 0;
    while ((ends.get(`${top} ${row}`) ?? -Infinity) > left) row++;
    ends.set(`${top} ${row}`, left + width);
    rows[index] = row;
  }
  return rows;
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError("no such item");
  return item;
}
