import assert from "node:assert/strict";
import { test } from "node:test";
import { Markup, renderBlocks } from "../src/markup/markup";
import { applyPatches, type Block } from "../src/markup/patch";

/** Numbers that look random and are the same each time. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  "# Heading\n", "## Heading\n", "Setext\n===\n", "\n", "\n\n", "text *a* ", "**b", "line\n", "- item\n", "  - nested\n", "1. one\n",
  "> quote\n", "> ", "```js\ncode\n```\n", "```\n", "    indented\n", "| a | b |\n|:-|-:|\n| 1 | 2 |\n", "| x |\n", "---\n", "***\n",
  "[^1]", "[^1]: note\n", "[^2]: other\n    more\n", "^[in place]", "[ref]", "[ref]: /url\n", "[ref]: /other 'title'\n", "*[HTML]: words\n", "HTML ",
  "Term\n: definition\n", ": more\n", ":::info\n", ":::\n", ":::spoiler Title\n", "<details>\n", "<summary>s</summary>\n\n", "</details>\n", "<div>\n", "</div>\n",
  "<!--\n", "-->\n", "$$\n", "x^2\n", "$a$ ", "- [ ] task\n", "- [x] done\n", "[TOC]\n", ":smile: ", "==m== ", "\t", "  ", "a\\\n", "<script>\n", "</script>\n",
  "---\ntitle: x\n---\n", "breaks: true\n", "\r\n", "日本語\n", "مرحبا\n", "`", "~~x~~", "https://a.example/ ",
];

const look = (blocks: readonly Block[]): unknown[] => blocks.map(({ html, lines, raw }) => [html, lines, raw]);

test("an edit gives what a rendering of the whole text gives", () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 60; round++) {
    const markup = new Markup();
    const shown: Block[] = [];
    let text = "";
    for (let step = 0; step < 40; step++) {
      const at = random(text.length + 1);
      const removed = random(3) === 0 ? random(Math.min(60, text.length - at) + 1) : 0;
      let inserted = "";
      for (let count = random(step === 0 ? 60 : 4); count > 0; count--) inserted += PIECES[random(PIECES.length)] ?? "";
      const before = text;
      text = text.slice(0, at) + inserted + text.slice(at + removed);
      const { patches } = markup.update(text);
      applyPatches(shown, patches);
      assert.deepEqual(look(shown), look(renderBlocks(text)), `round ${round}, step ${step}: ${JSON.stringify({ before, at, removed, inserted })}`);
    }
  }
});

test("the lines of all blocks are those of the text", () => {
  for (const text of ["# a\n\nb\n", "\n\n# a", "  ", "a\n  \n", "---\ntitle: x\n---\n\na\n\n[ref]: /x\n\nb"]) {
    const lines = renderBlocks(text).reduce((sum, block) => sum + block.lines, 0);
    assert.equal(lines, text.replace(/\n$/, "").split("\n").length, text);
  }
});

test("a text of blanks alone has no words, and can be written on", () => {
  for (const text of [" ", "  ", "\t", " \n", "\n ", "---\ntitle: x\n---\n  "]) {
    assert.doesNotMatch(renderBlocks(text).map(({ html }) => html).join(""), /<p|<pre/, JSON.stringify(text));
    const markup = new Markup();
    const shown: Block[] = [];
    for (const step of ["a", text, `${text}in`, text, ""]) {
      applyPatches(shown, markup.update(step).patches);
      assert.deepEqual(look(shown), look(renderBlocks(step)), JSON.stringify({ text, step }));
    }
  }
});

test("an edit costs the blocks that it touches", () => {
  const paragraphs = Array.from({ length: 500 }, (_, index) => `# Heading ${index}\n\nSome words, a [link](/x), and *more*.\n`);
  const markup = new Markup();
  markup.update(paragraphs.join("\n"));
  paragraphs[250] += "typed";
  const { patches, headings } = markup.update(paragraphs.join("\n"));
  assert.deepEqual(patches.map(({ start, removed, inserted }) => [start, removed, inserted.length]), [[501, 1, 1]]);
  assert.equal(headings, null);
});
