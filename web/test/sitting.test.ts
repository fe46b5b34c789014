import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kept } from "../src/history/keptnote";
import { HistoryModel, type HistorySource } from "../src/history/model";
import {
  byDay,
  mergeEvents,
  originOf,
  people,
  restoredVersion,
  withEarlier,
  withNewest,
  type HistoryEvent,
  type Sitting,
  type SittingAuthor,
  type SittingPage,
} from "../src/history/sitting";

const author = (id: string, events: number, origin: SittingAuthor["origin"] = "live"): SittingAuthor => ({
  id,
  name: id,
  color: "#1670c9",
  origin,
  events,
});
const sitting = (first: number, last: number, to = last * 1000): Sitting => ({
  first,
  last,
  from: first * 1000,
  to,
  restored: null,
  authors: [author("ana", last - first + 1)],
});
const event = (version: number, first = version): HistoryEvent => ({
  version,
  first,
  actor: { id: "ana", name: "ana" },
  at: version * 1000,
  type: "text_insert",
  session: "9f1c2d3e4a5b6c7d",
});
const page = (next: number | null, ...sittings: Sitting[]): SittingPage => ({ sittings, next });

test("the session of an event says where it came from", () => {
  assert.equal(originOf("9f1c2d3e4a5b6c7d"), "live");
  assert.equal(originOf("http-5d41402abc4b"), "request");
  assert.equal(originOf("repair"), "repair");
  assert.equal(originOf("restore-12-00ff"), "restore");
  assert.equal(originOf("restore-x"), "live");
  assert.equal(restoredVersion("restore-12-00ff"), 12);
  assert.equal(restoredVersion("http-12"), null);
});

test("sittings stand under the day they ended on, each by the offset of its time", () => {
  const hour = 3_600_000;
  const list = [sitting(5, 6, 47 * hour), sitting(3, 4, 25 * hour), sitting(1, 2, 23.5 * hour)];
  const days = byDay(list, () => 0).map(({ day, sittings }) => [day, sittings.map(({ first }) => first)]);
  assert.deepEqual(days, [[1, [5, 3]], [0, [1]]]);
  const east = byDay(list, () => -60).map(({ day }) => day);
  assert.deepEqual(east, [2, 1], "one hour east of Greenwich the last two are on one day");
});

test("an author through two doors is one person with both", () => {
  const both = { ...sitting(1, 9), authors: [author("bot", 5, "request"), author("ana", 3), author("ana", 3, "repair")] };
  const found = people(both);
  assert.deepEqual(found.map(({ id, events, origins }) => [id, events, origins]), [
    ["ana", 6, ["live", "repair"]],
    ["bot", 5, ["request"]],
  ]);
});

test("what is new takes the place of the newest sitting, which may have grown", () => {
  const known = page(7, sitting(20, 25), sitting(10, 19));
  assert.deepEqual(withNewest(known, page(null, sitting(30, 31), sitting(20, 29)), 19), page(7, sitting(30, 31), sitting(20, 29), sitting(10, 19)));
});

test("what is new and does not reach down to what is known takes its place", () => {
  const fresh = page(900, sitting(900, 1000));
  assert.deepEqual(withNewest(page(7, sitting(20, 25)), fresh, 19), fresh);
});

test("a history that fits a page has no next one after it has grown", () => {
  assert.deepEqual(withNewest(page(null, sitting(1, 5)), page(null, sitting(1, 9)), 0), page(null, sitting(1, 9)));
});

test("an earlier page is added without doubles", () => {
  const known = page(10, sitting(20, 25), sitting(10, 19));
  const joined = withEarlier(known, page(null, sitting(10, 19), sitting(1, 9)));
  assert.deepEqual(joined, page(null, sitting(20, 25), sitting(10, 19), sitting(1, 9)));
});

test("two lists of events are merged without doubles, newest first", () => {
  assert.deepEqual(mergeEvents([event(3), event(1)], [event(2), event(3)]).map(({ version }) => version), [3, 2, 1]);
});

/** A history of one sitting after each 100 versions, as a server would answer. */
class Log implements HistorySource {
  asked: object[] = [];

  async kept(): Promise<Kept> {
    return { kind: "keep", days: null, wholeAfter: 0, gone: 0, until: null };
  }

  constructor(public head: number) {}

  async sittings(bounds: { after?: number; before?: number }): Promise<SittingPage> {
    this.asked.push(bounds);
    const found: Sitting[] = [];
    const [after, before] = [bounds.after ?? 0, bounds.before ?? this.head + 1];
    for (let top = before - 1; top > after && found.length < 3; top = found[found.length - 1]!.first - 1) {
      found.push(sitting(Math.max(after + 1, Math.floor((top - 1) / 100) * 100 + 1), top));
    }
    const lowest = found[found.length - 1]?.first ?? after + 1;
    return { sittings: found, next: lowest > after + 1 ? lowest : null };
  }

  async events({ after, before }: { after: number; before: number }): Promise<HistoryEvent[]> {
    const found: HistoryEvent[] = [];
    for (let version = before - 1; version > after && found.length < 30; version--) found.push(event(version));
    return found;
  }
}

const spans = (model: HistoryModel): number[][] => model.sittings.map(({ first, last }) => [first, last]);
const refuse = (error: unknown): string => String(error);

test("the panel asks only for what it does not know", async () => {
  const log = new Log(450);
  const model = new HistoryModel(log, refuse);
  await model.open();
  assert.deepEqual(spans(model), [[401, 450], [301, 400], [201, 300]]);
  log.head = 520;
  await model.refresh();
  assert.deepEqual(spans(model), [[501, 520], [401, 500], [301, 400], [201, 300]]);
  await model.earlier();
  assert.deepEqual(spans(model).slice(-2), [[101, 200], [1, 100]]);
  assert.deepEqual(log.asked, [{}, { after: 400 }, { before: 201 }]);
  assert.equal(model.page.value?.next, null);
});

test("a closed panel asks nothing", async () => {
  const log = new Log(50);
  const model = new HistoryModel(log, refuse);
  await model.refresh();
  assert.deepEqual(log.asked, []);
});

test("an opened sitting has its single versions, in pages, and grows with it", async () => {
  const log = new Log(40);
  const model = new HistoryModel(log, refuse);
  await model.open();
  await model.toggle(model.sittings[0]!);
  const versions = (): number[] => model.opened.value.get(1)!.events.map(({ version }) => version);
  assert.deepEqual([versions().length, versions()[0], model.opened.value.get(1)!.hasEarlier], [30, 40, true]);
  await model.more(model.sittings[0]!);
  assert.deepEqual([versions().length, model.opened.value.get(1)!.hasEarlier], [40, false]);
  log.head = 45;
  await model.refresh();
  assert.deepEqual(versions(), Array.from({ length: 45 }, (_, index) => 45 - index));
  log.head = 99; // more than one page has come: what is kept would have a hole
  await model.refresh();
  assert.deepEqual([versions().length, versions()[0], model.opened.value.get(1)!.hasEarlier], [30, 99, true]);
  await model.toggle(model.sittings[0]!);
  assert.equal(model.opened.value.size, 0);
});

test("an opened sitting of a thinned history ends with the first version that its events stand for", async () => {
  const log = new Log(40);
  log.events = async () => [event(40), event(39, 11), event(10, 1)];
  const model = new HistoryModel(log, refuse);
  await model.open();
  await model.toggle(model.sittings[0]!);
  assert.deepEqual(model.opened.value.get(1), { events: [event(40), event(39, 11), event(10, 1)], hasEarlier: false });
});

test("a question that fails says why, and the next one is asked all the same", async () => {
  const log = new Log(10);
  const model = new HistoryModel(log, () => "away");
  const whole = log.sittings.bind(log);
  log.sittings = () => Promise.reject(new Error("down"));
  await model.open();
  assert.deepEqual([model.trouble.value, model.page.value], ["away", null]);
  log.sittings = whole;
  await model.refresh();
  assert.deepEqual([model.trouble.value, spans(model)], ["", [[1, 10]]]);
});
