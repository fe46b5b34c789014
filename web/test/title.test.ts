import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderBlocks } from "../src/preview/blocks";
import { derivedTitle } from "../src/preview/title";

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly title: string;
  readonly front_matter?: boolean;
}

const vectors = JSON.parse(readFileSync(join(VECTORS, "titles.json"), "utf8")) as Vector[];

for (const { name, text, title, front_matter: asked = false } of vectors) {
  test(`the page's title is the server's: ${name}`, () => {
    assert.equal(derivedTitle(text), asked ? null : title);
  });
}

test("front matter is shown as code, and lines are counted on", () => {
  const blocks = renderBlocks("---\ntitle: a <b>\n---\n# H\n\ntext\n");
  assert.deepEqual(
    blocks.map(({ html, line }) => [html.trim(), line]),
    [
      ['<pre><code class="language-yaml">---\ntitle: a &lt;b&gt;\n---\n</code></pre>', 0],
      ["<h1>H</h1>", 3],
      ["<p>text</p>", 5],
    ],
  );
});

test("a document without a title is called by its first heading", () => {
  assert.equal(derivedTitle("intro\n\n## The **plan** ##\n"), "The plan");
  assert.equal(derivedTitle("#hashtag\n"), "");
  assert.equal(derivedTitle(""), "");
});
