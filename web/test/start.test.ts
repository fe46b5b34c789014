import assert from "node:assert/strict";
import { test } from "node:test";
import { askAgainAfterMs } from "../src/start/askagain";
import { pieces } from "../src/start/highlight";
import { isCharacter, rowAfter, TypeAhead } from "../src/start/listkeys";
import { FIRST_VIEW, listQuery, tagsFrom, viewFromHash, viewToHash, type ListView } from "../src/start/listview";

test("hits become pieces of text, whatever is in it", () => {
  assert.deepEqual(pieces("<b>one</b>", [{ pos: 3, len: 3 }]), [
    { text: "<b>", isHit: false },
    { text: "one", isHit: true },
    { text: "</b>", isHit: false },
  ]);
  assert.deepEqual(pieces("", []), []);
});

test("hits that do not fit the text are passed over", () => {
  const hits = [
    { pos: 0, len: 0 },
    { pos: 1, len: 1 },
    { pos: 1, len: 2 },
    { pos: 3, len: 9 },
    { pos: -1, len: 2 },
  ];
  const found = pieces("abcd", hits);
  assert.equal(found.map((each) => each.text).join(""), "abcd");
  assert.deepEqual(found.filter((each) => each.isHit), [{ text: "b", isHit: true }]);
});

test("keys lead through the list and out of it at the top", () => {
  assert.equal(rowAfter("ArrowDown", 0, 3), 1);
  assert.equal(rowAfter("ArrowDown", 2, 3), 2);
  assert.equal(rowAfter("ArrowUp", 0, 3), -1);
  assert.equal(rowAfter("Home", 2, 3), 0);
  assert.equal(rowAfter("End", 0, 3), 2);
  assert.equal(rowAfter("PageDown", 0, 30), 10);
  assert.equal(rowAfter("PageUp", 5, 30), 0);
  assert.equal(rowAfter("a", 0, 3), null);
});

test("letters lead to the title that begins with them", () => {
  const ahead = new TypeAhead();
  const titles = ["Apple", "Banana", "Ärger", "bär", "Bandage"];
  assert.equal(ahead.next("b", 0, titles, 0), 1);
  assert.equal(ahead.next("ä", 1, titles, 100), 1);
  assert.equal(ahead.next("r", 1, titles, 200), 3);
  assert.equal(ahead.next("a", 3, titles, 5_000), 0);
  assert.equal(ahead.next("a", 0, titles, 5_100), 2);
  assert.equal(ahead.next("z", 0, titles, 9_000), null);
  assert.equal(ahead.next("z", 0, [], 12_000), null);
  assert.equal(ahead.next(" ", 0, titles, 20_000), null);
  const notes = ["Note 1", "Note 20", "Note 21"];
  const found = [..."Note 21"].map((key, n) => ahead.next(key, 0, notes, 30_000 + n));
  assert.equal(found.at(-1), 2);
});

test("only keys that write a character are typed ahead", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false };
  assert.ok(isCharacter({ key: "ä", ...plain }));
  assert.ok(isCharacter({ key: "😀", ...plain }));
  assert.ok(!isCharacter({ key: "Enter", ...plain }));
  assert.ok(!isCharacter({ key: "a", ...plain, ctrlKey: true }));
});

test("a view survives the address, and odd addresses are the first view", () => {
  const view: ListView = { show: "shared", order: "title", tag: "to do & more #1" };
  assert.deepEqual(viewFromHash(viewToHash(view)), view);
  assert.equal(viewToHash(FIRST_VIEW), "");
  assert.deepEqual(viewFromHash("#show=<b>&order=%"), FIRST_VIEW);
});

test("a view asks for its list", () => {
  assert.equal(listQuery(FIRST_VIEW).toString(), "limit=50&sort=opened");
  assert.equal(listQuery({ show: "all", order: "updated", tag: null }).toString(), "limit=50");
  assert.equal(
    listQuery({ show: "mine", order: "title", tag: "a b" }).toString(),
    "limit=50&show=mine&sort=title&tag=a+b",
  );
});

test("tags are read as they are typed", () => {
  assert.deepEqual(tagsFrom(" work,  to  do ,#work; 買い物、"), ["work", "to do", "買い物"]);
  assert.deepEqual(tagsFrom(" , "), []);
});

test("a search that finds nothing is asked again: soon at first, then seldom, for five minutes", () => {
  const delays: number[] = [];
  for (let delay = askAgainAfterMs(0); delay !== null; delay = askAgainAfterMs(delays.length)) delays.push(delay);
  assert.deepEqual(delays.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  const waitedMs = delays.reduce((sum, delay) => sum + delay, 0);
  assert.ok(waitedMs >= 300_000 && waitedMs < 316_000, `${waitedMs} ms`);
});
