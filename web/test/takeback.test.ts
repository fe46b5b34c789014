import assert from "node:assert/strict";
import { test } from "node:test";
import type { Span } from "../src/history/comparison";
import { mergeSpans, marksOf, looksOf, unitsOf, type BlamedSpan, type Contribution } from "../src/history/authorspans";
import { originOf } from "../src/history/sitting";
import { bodyOf, excerptsOf, fieldTime, timeRange } from "../src/history/takeback";

test("excerpts have what goes, what comes, and the text around it", () => {
  const before = "The quick brown fox jumps.";
  const ops: Span[] = [{ retain: 4 }, { insert: "slow" }, { delete: 5 }, { retain: 7 }, { insert: "red " }, { retain: 3 }, { delete: 6 }];
  const { shown, count } = excerptsOf(before, ops, 10);
  assert.equal(count, 3);
  assert.deepEqual(shown, [
    { lead: "The ", removed: "quick", inserted: "slow", tail: " brown fox jumps." },
    { lead: "The quick brown ", removed: "", inserted: "red ", tail: "fox jumps." },
    { lead: "The quick brown fox", removed: " jumps", inserted: "", tail: "." },
  ]);
  assert.equal(excerptsOf(before, ops, 1).shown.length, 1);
  assert.equal(excerptsOf(before, ops, 1).count, 3);
});

test("long changes are shortened between characters", () => {
  const [excerpt] = excerptsOf("", [{ insert: "😀".repeat(500) }], 5).shown;
  assert.equal(excerpt?.inserted, `${"😀".repeat(160)}…`);
});

test("fields name a range of whole minutes", () => {
  const field = fieldTime(Date.UTC(2026, 4, 3, 12, 2, 30), -120);
  assert.equal(field, "2026-05-03T14:02");
  const range = timeRange("2026-05-03T14:00", "2026-05-03T14:20");
  assert.ok(range !== null && "from" in range);
  assert.equal(range.to - range.from, 20 * 60_000 + 59_999);
  assert.equal(timeRange("2026-05-03T14:20", "2026-05-03T14:00"), null);
  assert.equal(timeRange("", "2026-05-03T14:00"), null);
});

test("a wish is sent with what bounds it, and nothing else", () => {
  assert.deepEqual(bodyOf({ actor: null, range: { after: 3, upto: 9 }, part: null }), { after: 3, upto: 9 });
  const part = { version: 9, from: 2, to: 5 };
  assert.deepEqual(bodyOf({ actor: "u1", range: { from: 0, to: 1_500 }, part }), {
    actor: "u1",
    from: "1970-01-01T00:00:00.000Z",
    to: "1970-01-01T00:00:01.500Z",
    part,
  });
});

test("a session tells what it took back", () => {
  assert.equal(originOf("take-back-3-40-mark-x"), "take-back");
  assert.equal(originOf("restore-12-x"), "restore");
});

const span = (units: number, version: number, id: string, at: number): BlamedSpan => ({ units, version, actor: { id, name: id }, at });

test("neighbours of one author and time are one part, of the newest version, and nothing is lost", () => {
  const spans = [span(2, 1, "ana", 0), span(3, 9, "ana", 60_000), span(1, 4, "ana", 900_000), span(4, 5, "ben", 900_000)];
  assert.deepEqual(mergeSpans(spans), [span(5, 9, "ana", 60_000), span(1, 4, "ana", 900_000), span(4, 5, "ben", 900_000)]);
  assert.equal(unitsOf(mergeSpans(spans)), unitsOf(spans));
});

test("marks lie one behind the other, and a person's line stays when others come", () => {
  const person = (id: string, first: number, standing = 1): Contribution => ({
    actor: { id, name: id },
    color: "#123456",
    inserted: 1,
    deleted: 0,
    standing,
    events: 1,
    first,
    last: first,
  });
  const looks = looksOf([person("ben", 20), person("ana", 10)]);
  const later = looksOf([person("cem", 30, 50), person("ben", 20, 9), person("ana", 10)]);
  assert.deepEqual([looks.get("ana")?.line, looks.get("ben")?.line], [0, 1]);
  assert.deepEqual([later.get("ana")?.line, later.get("ben")?.line, later.get("cem")?.line], [0, 1, 2]);
  const marks = marksOf([span(2, 1, "ana", 0), span(3, 2, "dan", 0)], looks, ({ name }, { version }) => `${name} ${version}`);
  assert.deepEqual(marks.map(({ from, to, tip }) => [from, to, tip]), [[0, 2, "ana 1"], [2, 5, "dan 2"]]);
  const odd = looksOf([{ ...person("x", 1), color: "red; background: url(//evil)" }]);
  assert.match(odd.get("x")?.color ?? "", /^#[0-9a-f]{6}$/);
});
