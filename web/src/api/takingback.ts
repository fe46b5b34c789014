/** Taking back what somebody did, over HTTP. */

import type { Span } from "../history/comparison";
import type { TakenBack, TakeBackWish } from "../history/takeback";
import { documentPath } from "./documents";
import { list, number, text } from "./read";
import { request } from "./request";

/** What would be done; nothing is. */
export async function previewTakeBack(name: string, wish: TakeBackWish): Promise<TakenBack> {
  return post(name, "?dry_run=true&position_encoding=utf-16", bodyOf(wish));
}

/** Take it back; returns the version that does, which is the head if there was nothing to do. */
export async function takeBack(name: string, wish: TakeBackWish, id: string): Promise<number> {
  return (await post(name, "", { ...bodyOf(wish), id })).version;
}

async function post(name: string, query: string, body: object): Promise<TakenBack> {
  const answer = await request("POST", `${documentPath(name)}/take-back${query}`, body);
  const ops = list(answer, "ops").map((op): Span => ({
    retain: number(op, "retain"),
    insert: text(op, "insert"),
    delete: number(op, "delete"),
  }));
  const [version, after, upto, events] = ["version", "after", "upto", "events"].map((key) => number(answer, key));
  return { version: version ?? 0, ops, after: after ?? 0, upto: upto ?? 0, events: events ?? 0 };
}

function bodyOf({ actor, range }: TakeBackWish): object {
  const who = actor === null ? {} : { actor };
  return "after" in range
    ? { ...who, after: range.after, upto: range.upto }
    : { ...who, from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
}
