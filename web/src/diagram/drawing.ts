/** What the page and the frame that draws say to each other. Pure. */

import type { DIAGRAMS } from "../markup/fences";

export type DiagramKind = (typeof DIAGRAMS)[number];

export interface DrawOrder {
  readonly id: number;
  readonly kind: DiagramKind;
  readonly source: string;
  readonly dark: boolean;
}

export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

export type FrameMessage =
  | { readonly ready: true }
  | { readonly id: number; readonly drawing: Drawing }
  | { readonly id: number; readonly error: string };

const MAX_SVG_CHARS = 4_000_000;
const MAX_SIDE_PX = 10_000;
const MAX_ERROR_CHARS = 300;

/** What the frame says, if it makes sense: the frame runs what documents tell it to. */
export function frameMessage(data: unknown): FrameMessage | null {
  if (typeof data !== "object" || data === null) return null;
  if ("ready" in data && data.ready === true) return { ready: true };
  if (!("id" in data) || typeof data.id !== "number") return null;
  const { id } = data;
  if ("error" in data && typeof data.error === "string") return { id, error: data.error.slice(0, MAX_ERROR_CHARS) };
  if (!("drawing" in data) || typeof data.drawing !== "object" || data.drawing === null) return null;
  const { drawing } = data;
  if (!("svg" in drawing && "width" in drawing && "height" in drawing)) return null;
  const { svg, width, height } = drawing;
  if (typeof svg !== "string" || svg.length > MAX_SVG_CHARS) return null;
  if (typeof width !== "number" || typeof height !== "number") return null;
  return { id, drawing: { svg, width: side(width), height: side(height) } };
}

const side = (length: number): number => (length > 0 ? Math.min(Math.ceil(length), MAX_SIDE_PX) : 1);
