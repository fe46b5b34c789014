/** Taking back what somebody did, over HTTP. */

import type { Span } from "../history/comparison";
import { bodyOf, type TakenBack, type TakeBackWish } from "../history/takeback";
import { documentPath } from "./documents";
import { list, number, text } from "./read";
import { request } from "./request";

/** What would be done; nothing is. */
export async function previewTakeBack(name: string, wish: TakeBackWish): Promise<TakenBack> {
  return post(name, "&dry_run=true", bodyOf(wish));
}

/** Take it back; returns the version that does, which is the head if there was nothing to do. */
export async function takeBack(name: string, wish: TakeBackWish, id: string): Promise<number> {
  return (await post(name, "", { ...bodyOf(wish), id })).version;
}

async function post(name: string, more: string, body: object): Promise<TakenBack> {
  const answer = await request("POST", `${documentPath(name)}/take-back?position_encoding=utf-16${more}`, body);
  const ops = list(answer, "ops").map((op): Span => ({
    retain: number(op, "retain"),
    insert: text(op, "insert"),
    delete: number(op, "delete"),
  }));
  const [version, after, upto, events] = ["version", "after", "upto", "events"].map((key) => number(answer, key));
  return { version: version ?? 0, ops, after: after ?? 0, upto: upto ?? 0, events: events ?? 0 };
}
