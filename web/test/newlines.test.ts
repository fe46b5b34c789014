import assert from "node:assert/strict";
import { test } from "node:test";
import { normalEdits, normalText, snapToLine, withoutMark } from "../src/newlines";
import type { Edit } from "../src/pairs";

const snap = (text: string, edit: Edit): Edit =>
  snapToLine((offset) => text.charCodeAt(offset), edit);
const apply = (text: string, edit: Edit): string =>
  text.slice(0, edit.from) + edit.insert + text.slice(edit.to);

test("what is typed at the end of a line stands before its carriage return", () => {
  assert.equal(apply("a\r\nb", snap("a\r\nb", { from: 2, to: 2, insert: "!" })), "a!\r\nb");
  assert.equal(apply("\r\n", snap("\r\n", { from: 1, to: 1, insert: "\n" })), "\n\r\n");
});

test("joining two lines takes the carriage return along", () => {
  assert.equal(apply("a\r\nb", snap("a\r\nb", { from: 2, to: 3, insert: "" })), "ab");
  assert.equal(apply("a\r\nb", snap("a\r\nb", { from: 2, to: 4, insert: "c" })), "ac");
});

test("nothing is typed in front of a byte order mark", () => {
  const typed = snap("\ufeff# T", { from: 0, to: 0, insert: "x" });
  assert.equal(apply("\ufeff# T", typed), "\ufeffx# T");
  assert.deepEqual(snap("\ufeffT", { from: 0, to: 2, insert: "" }), { from: 0, to: 2, insert: "" });
});

test("an edit elsewhere stays as it is", () => {
  for (const edit of [
    { from: 1, to: 1, insert: "x" },
    { from: 0, to: 3, insert: "" },
    { from: 3, to: 4, insert: "y" },
  ]) {
    assert.deepEqual(snap("a\r\nb", edit), edit);
  }
});

test("every text of five units is healed by its edits", () => {
  const units = ["a", "\r", "\n", "\ufeff"];
  for (let code = 0; code < units.length ** 5; code++) {
    let text = "";
    for (let rest = code; text.length < 5; rest = Math.floor(rest / units.length)) {
      text += units[rest % units.length];
    }
    const healed = normalEdits(text).reduce(apply, text);
    assert.equal(healed, normalText(text));
    assert.deepEqual(normalEdits(healed), []);
    assert.equal(withoutMark(healed), healed);
  }
});
