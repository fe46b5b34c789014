import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderBlocks } from "../src/markup/markup";

/** What the suites expect and Quire does otherwise, with the reason that docs/markdown.md gives. */
const OTHERWISE: Readonly<Record<string, readonly number[]>> = {
  // GFM makes links of addresses that stand in the text.
  "commonmark": [602, 608, 611, 612],
};

const spec = readFileSync(join(PACKAGES, "commonmark-spec", "spec.txt"), "utf8");
const EXAMPLE = /^`{32} example[^\n]*\n([\s\S]*?)^\.\n([\s\S]*?)^`{32}$/gm;
const examples = [...spec.matchAll(EXAMPLE)].map(([, source = "", html = ""]) => ({
  source: source.replaceAll("→", "\t"),
  html: html.replaceAll("→", "\t"),
}));

/** Without what Quire adds to every rendering, and without differences that no browser shows. */
const bare = (html: string): string =>
  html
    .replace(/ (?:dir="auto"|data-line="\d+"|id="[^"]*")/g, "")
    .replace(/ \/>/g, ">")
    .replace(/(<blockquote>)\s+/g, "$1")
    .trim();

const render = (text: string): string => renderBlocks(text).map(({ html }) => html).join("");

test("the suite of CommonMark passes", () => {
  assert.equal(examples.length, 652);
  const failed = examples.flatMap(({ source, html }, index) => (bare(render(source)) === bare(html) ? [] : [index + 1]));
  assert.deepEqual(failed, OTHERWISE["commonmark"]);
});
