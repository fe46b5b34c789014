import assert from "node:assert/strict";
import { test } from "node:test";
import { mayLoadImage } from "../src/preview/allowed";
import { altOf, placed, placeholder, removed, type TextChange } from "../src/images/placeholder";
import { UploadList, type UploadEffect } from "../src/images/upload";

const URL = `/api/documents/notes/files/${"a1".repeat(32)}.png`;

const applied = (text: string, change: TextChange | null): string => {
  assert.notEqual(change, null);
  const { from, to, insert } = change as TextChange;
  return text.slice(0, from) + insert + text.slice(to);
};

test("an image takes the place of its placeholder, wherever the others have moved it", () => {
  const text = `new\n\nmoved ${placeholder("7", "uploading cat.png…")} here ${placeholder("77", "x")}`;
  const after = applied(text, placed(text, "7", "cat.png", URL));
  assert.equal(after, `new\n\nmoved ![cat](${URL}) here ${placeholder("77", "x")}`);
});

test("a placeholder that somebody has written into or cut still gives way", () => {
  assert.equal(applied("![upl XX](upload:7)", placed("![upl XX](upload:7)", "7", "cat.png", URL)), `![cat](${URL})`);
  const cut = "text ading…](upload:7) end";
  assert.equal(applied(cut, removed(cut, "7")), "text ading… end");
  assert.equal(placed("nothing here", "7", "cat.png", URL), null);
});

test("a placeholder on a line of its own is taken out with the line", () => {
  const text = `a\n${placeholder("7", "x")}\nb`;
  assert.equal(applied(text, removed(text, "7")), "a\nb");
  const inline = `a ${placeholder("7", "x")} b`;
  assert.equal(applied(inline, removed(inline, "7")), "a  b");
});

test("names of files are plain words in the text", () => {
  assert.equal(altOf("cat.png"), "cat");
  assert.equal(altOf("image.png"), "");
  assert.equal(altOf("](javascript:x)![.png"), "(javascript:x)!");
  assert.equal(altOf("Ünï 猫.webp"), "Ünï 猫");
  assert.doesNotMatch(placeholder("7", "a]b[c\nd"), /\n|a\]/);
  assert.ok(altOf("x".repeat(500)).length <= 80);
});

test("the preview loads images that this server keeps, and nothing else of it", () => {
  const page = "https://quire.test/pad/d/notes";
  const file = URL.slice(1);
  assert.ok(mayLoadImage(`/pad/${file}`, page, "/pad/"));
  assert.ok(mayLoadImage(`../${file}`, page, "/pad/"));
  for (const src of [
    `/${file}`,
    `/pad/${file}/../../../session`,
    "/pad/api/session",
    "/pad/api/documents/notes/text",
  ]) {
    assert.ok(!mayLoadImage(src, page, "/pad/"), src);
  }
});

const types = (effects: readonly UploadEffect[]): string[] => effects.map(({ type }) => type);

test("an upload begins with a placeholder and ends with the image", () => {
  const list = new UploadList();
  assert.deepEqual(types(list.handle({ type: "chosen", id: "1", fileName: "a.png" })), ["begin"]);
  list.handle({ type: "progressed", id: "1", progress: 0.5 });
  list.handle({ type: "chosen", id: "2", fileName: "b.png" });
  assert.deepEqual(list.progress, { count: 2, part: 0.25 });
  assert.deepEqual(types(list.handle({ type: "stored", id: "1", url: URL })), ["place", "forget"]);
  assert.deepEqual(types(list.handle({ type: "stored", id: "1", url: URL })), []);
  assert.deepEqual(list.progress, { count: 1, part: 0 });
});

test("a failed upload takes its placeholder out and keeps the file until it is dismissed", () => {
  const list = new UploadList();
  list.handle({ type: "chosen", id: "1", fileName: "a.png" });
  assert.deepEqual(types(list.handle({ type: "failed", id: "1", reason: "why" })), ["remove_placeholder"]);
  assert.deepEqual([list.progress, list.uploads[0]?.reason], [null, "why"]);
  // A late word of the request that failed changes nothing.
  assert.deepEqual(list.handle({ type: "progressed", id: "1", progress: 1 }), []);
  assert.deepEqual(list.handle({ type: "stored", id: "1", url: URL }), []);
  assert.equal(list.uploads[0]?.state, "failed");
  assert.deepEqual(types(list.handle({ type: "retried", id: "1" })), ["begin"]);
  list.handle({ type: "failed", id: "1", reason: "again" });
  assert.deepEqual(types(list.handle({ type: "dismissed", id: "1" })), ["forget"]);
  assert.deepEqual(list.uploads, []);
});
