/** Where something that hangs at another thing is placed, so that it is inside the window. Pure. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which edges are in line. */
export type Alignment = "left" | "right" | "center";

const MARGIN_PX = 8;

/** Below `anchor` if there is room, else above it; never over the edge of the window. */
export function placeBeside(
  anchor: Box,
  size: Size,
  window: Size,
  alignment: Alignment,
  gapPx = 4,
): { readonly left: number; readonly top: number } {
  const below = anchor.top + anchor.height + gapPx;
  const above = anchor.top - gapPx - size.height;
  const fitsBelow = below + size.height <= window.height - MARGIN_PX;
  const top = fitsBelow || above < MARGIN_PX ? below : above;
  const left = {
    left: anchor.left,
    right: anchor.left + anchor.width - size.width,
    center: anchor.left + (anchor.width - size.width) / 2,
  }[alignment];
  const rightmost = window.width - size.width - MARGIN_PX;
  return {
    left: Math.max(MARGIN_PX, Math.min(left, rightmost)),
    top: Math.max(MARGIN_PX, Math.min(top, window.height - size.height - MARGIN_PX)),
  };
}

/** How many groups fit one after the other into `widthPx`, with room for the button of the rest. */
export function fittingCount(groupsPx: readonly number[], widthPx: number, moreButtonPx: number): number {
  const total = groupsPx.reduce((sum, width) => sum + width, 0);
  if (total <= widthPx) return groupsPx.length;
  let [used, count] = [0, 0];
  for (const width of groupsPx) {
    if (used + width + moreButtonPx > widthPx) break;
    used += width;
    count++;
  }
  return count;
}
