import assert from "node:assert/strict";
import { test } from "node:test";
import { patchBlocks, renderBlocks } from "../src/preview/blocks";

test("a text becomes one block per top-level element, with its line", () => {
  const blocks = renderBlocks("# Title\n\nOne *two*\n\n- a\n- b\n\n```\ncode\n```\n\n---\n");
  assert.deepEqual(blocks.map(({ line }) => line), [0, 2, 4, 7, 11]);
  assert.equal(blocks[1]?.html, "<p>One <em>two</em></p>\n");
  assert.match(blocks[2]?.html ?? "", /^<ul>[^]*<\/ul>\n$/);
});

test("HTML stays text and script links stay dead", () => {
  const html = renderBlocks('<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick="x">')
    .map((block) => block.html)
    .join("");
  assert.doesNotMatch(html, /<script|<b |href="javascript/);
});

test("task lists have checkboxes with labels, and cannot be clicked until the page allows it", () => {
  const html = renderBlocks("- [ ] open\n- [x] done **now**\n- [y] neither\n")[0]?.html ?? "";
  assert.match(html, /<li class="task"><input type="checkbox" [^>]*aria-label="open" disabled> open<\/li>/);
  assert.match(html, /<li class="task"><input type="checkbox" [^>]*aria-label="done now" disabled checked> done <strong>/);
  assert.match(html, /<li>\[y\] neither<\/li>/);
});

test("one changed block is one patch", () => {
  const before = renderBlocks("a\n\nb\n\nc\n");
  const changed = patchBlocks(before, renderBlocks("a\n\nB\n\nc\n"));
  assert.deepEqual([changed.start, changed.removed, changed.inserted.length], [1, 1, 1]);
  const added = patchBlocks(before, renderBlocks("a\n\nb\n\nb\n\nc\n"));
  assert.deepEqual([added.removed, added.inserted.length], [0, 1]);
  assert.deepEqual(patchBlocks(before, before), { start: 3, removed: 0, inserted: [] });
  assert.equal(patchBlocks(before, []).removed, 3);
});
