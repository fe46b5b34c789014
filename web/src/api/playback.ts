/** The life of a document over HTTP, as columns. */

import type { PlaybackPage, PlaybackSpan } from "../history/playbacklife";
import { documentPath } from "./documents";
import { field, list, number, text } from "./read";
import { request } from "./request";

/** The events after `after`: as many as the server answers at a time. */
export async function getPlayback(name: string, after: number): Promise<PlaybackPage> {
  return readPlayback(await request("GET", `${documentPath(name)}/playback?after=${after}`));
}

export function readPlayback(answer: unknown): PlaybackPage {
  return {
    from: number(answer, "from"),
    to: number(answer, "to"),
    head: number(answer, "head"),
    writers: list(answer, "writers").map((writer) => {
      const actor = field(writer, "actor");
      return {
        actor: { id: text(actor, "id"), name: text(actor, "name") },
        color: text(writer, "color"),
        origin: text(writer, "origin"),
      };
    }),
    writer: list(answer, "writer").map((run) => [numberAt(run, 0), numberAt(run, 1)] as const),
    at: list(answer, "at").map((at) => (typeof at === "number" ? at : 0)),
    ops: list(answer, "ops").map(spansOf),
    text: text(answer, "text"),
    merged: list(answer, "merged").map((range) => [numberAt(range, 0), numberAt(range, 1)] as const),
  };
}

/** One change is written without the brackets around it. */
function spansOf(ops: unknown): readonly PlaybackSpan[] {
  if (!Array.isArray(ops) || ops.length === 0) return [];
  return typeof ops[0] === "number" ? [spanOf(ops)] : ops.map(spanOf);
}

const spanOf = (span: unknown): PlaybackSpan => [numberAt(span, 0), numberAt(span, 1), numberAt(span, 2)];

function numberAt(row: unknown, index: number): number {
  const found: unknown = Array.isArray(row) ? row[index] : undefined;
  return typeof found === "number" && found >= 0 ? found : 0;
}
