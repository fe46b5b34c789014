/**
 * A new document with a text of any length, although a request has a bound. What decides is pure;
 * the requests come in as steps.
 *
 *   text fits ──► one request
 *   otherwise ──► created with the end of the text, under a title that says that it is not whole
 *                  ──► each earlier part inserted at the start, under its own id ──► titled
 *                                    └── one fails for good ──► removed
 *
 * A request without an answer is sent again: a creation under the same name, which is random, and a
 * part under the same id, which the server applies once.
 */

import type { DocumentInfo } from "./documents";
import { ApiError } from "./request";

export interface CreationSteps {
  create(made: { readonly name: string; readonly title: string; readonly text: string }): Promise<DocumentInfo>;
  get(name: string): Promise<DocumentInfo>;
  /** Insert at the start of the text; a known `id` changes nothing. */
  prepend(name: string, id: string, text: string): Promise<unknown>;
  rename(name: string, title: string): Promise<DocumentInfo>;
  remove(name: string): Promise<unknown>;
  pause(delayMs: number): Promise<void>;
}

export interface Creation {
  /** A name that nobody else chooses. */
  readonly name: string;
  readonly title: string;
  /** The title until all of the text is there. */
  readonly unfinishedTitle: string;
  readonly text: string;
}

/** In JSON a UTF-16 unit of most texts is one byte, and six at most; a part that is too large is halved. */
const PART_UNITS = 300_000;
const MIN_PART_UNITS = 256;
const MAX_TRIES = 6;
const PAUSE_MS = 1_000;

export async function createLong(steps: CreationSteps, creation: Creation): Promise<DocumentInfo> {
  const { name, title, unfinishedTitle } = creation;
  // The server stores line feeds alone, and a line end must not be cut.
  const whole = creation.text.replace(/\r\n?/g, "\n");
  const first = await takeLast(whole, PART_UNITS, (text, isAll) =>
    createOnce(steps, { name, title: isAll ? title : unfinishedTitle, text }),
  );
  if (first.rest === "") return first.answer;
  try {
    let { rest, units } = first;
    for (let number = 1; rest !== ""; number++) {
      ({ rest, units } = await takeLast(rest, units, (text) =>
        persistently(steps, () => steps.prepend(name, `${name}.${number}`, text)),
      ));
    }
    return await persistently(steps, () => steps.rename(name, title));
  } catch (error) {
    // Should that fail too, the title says what the document is.
    await persistently(steps, () => steps.remove(name)).catch(() => undefined);
    throw error;
  }
}

interface Remaining<T> {
  readonly answer: T;
  readonly rest: string;
  /** The length of a part that the server takes. */
  readonly units: number;
}

/** Send the end of `text`, at most `units` long, or as much of it as the server takes. */
async function takeLast<T>(
  text: string,
  units: number,
  send: (part: string, isAll: boolean) => Promise<T>,
): Promise<Remaining<T>> {
  const at = partStart(text, units);
  try {
    return { answer: await send(text.slice(at), at === 0), rest: text.slice(0, at), units };
  } catch (error) {
    const isTooLarge = error instanceof ApiError && error.status === 413 && error.code !== "document_full";
    if (!isTooLarge || units <= MIN_PART_UNITS) throw error;
    return takeLast(text, Math.floor(Math.min(units, text.length) / 2), send);
  }
}

/** Where the last part of `text` begins, never inside a code point. */
export function partStart(text: string, units: number): number {
  const at = Math.max(0, text.length - units);
  const isLow = /[\udc00-\udfff]/.test(text.charAt(at));
  const isHighBefore = at > 0 && /[\ud800-\udbff]/.test(text.charAt(at - 1));
  return isLow && isHighBefore ? at + 1 : at;
}

/** A creation whose answer was lost has taken the name when it is sent again. */
async function createOnce(
  steps: CreationSteps,
  made: { readonly name: string; readonly title: string; readonly text: string },
): Promise<DocumentInfo> {
  let isAgain = false;
  return persistently(steps, async () => {
    try {
      return await steps.create(made);
    } catch (error) {
      const isTaken = error instanceof ApiError && error.code === "name_taken";
      if (isTaken && isAgain) return steps.get(made.name);
      isAgain = true;
      throw error;
    }
  });
}

async function persistently<T>(steps: CreationSteps, action: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ApiError) || tried === MAX_TRIES || !mayPass(error)) throw error;
      await steps.pause(error.retryAfterMs ?? PAUSE_MS);
    }
  }
}

/** Whether the same request may succeed later: no answer, too many, or the server is in trouble. */
const mayPass = ({ status }: ApiError): boolean => status === 0 || status === 429 || status >= 500;
