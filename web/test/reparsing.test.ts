/** Reading a text anew after an edit, and colouring what is seen of it: as cheap in the midst of a large one as at its start. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Tree, TreeCursor, TreeFragment, type Input } from "@lezer/common";
import { highlightTree } from "@lezer/highlight";
import { markdownSource, markdownStyle } from "../src/editor/highlight";

const { parser } = markdownSource;

const inputOf = (text: string): Input => ({
  length: text.length,
  lineChunks: false,
  chunk: (from) => text.slice(from, from + 2_048),
  read: (from, to) => text.slice(from, to),
});

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** A text that is edited, and its tree. */
class Edited {
  tree: Tree;
  private fragments: readonly TreeFragment[];

  constructor(public text: string) {
    this.tree = parser.parse(text);
    this.fragments = TreeFragment.addTree(this.tree);
  }

  edit({ from, to, insert }: Edit): void {
    this.text = this.text.slice(0, from) + insert + this.text.slice(to);
    const change = { fromA: from, toA: to, fromB: from, toB: from + insert.length };
    this.fragments = TreeFragment.applyChanges(this.fragments, [change]);
    this.tree = parser.parse(inputOf(this.text), this.fragments);
    this.fragments = TreeFragment.addTree(this.tree, this.fragments);
  }
}

function nodesOf(tree: Tree): string {
  const found: string[] = [];
  tree.iterate({ enter: ({ name, from, to }) => void found.push(`${name} ${from}-${to}`) });
  return found.join("\n");
}

/** All parts of a tree, the groups without a name too. */
function partsOf(tree: Tree, parts = new Set<Tree>()): Set<Tree> {
  parts.add(tree);
  for (const child of tree.children) if (child instanceof Tree) partsOf(child, parts);
  return parts;
}

const BLOCKS = ["A paragraph with *words*.", "## Heading", "- one\n- two\n  - three", "```js\nlet a = 1;\n```", "> quoted\n> again", "    code", "1. first\n\n   more"];

const textOf = (blocks: number): string => Array.from({ length: blocks }, (_, index) => BLOCKS[index % BLOCKS.length]).join("\n\n") + "\n";

for (const share of [0.01, 0.25, 0.5, 0.99]) {
  test(`a key at ${share * 100} % of 3,000 blocks makes few new parts of the tree`, () => {
    const edited = new Edited(textOf(3_000));
    const at = edited.text.indexOf("words", Math.floor(edited.text.length * share));
    const made: number[] = [];
    for (let key = 0; key < 20; key++) {
      const before = partsOf(edited.tree);
      edited.edit({ from: at + key, to: at + key, insert: "x" });
      made.push([...partsOf(edited.tree)].filter((part) => !before.has(part)).length);
    }
    made.sort((one, other) => one - other);
    // The first keys put the groups of the first reading in order.
    assert.ok(made[10]! < 150, `${made.join(" ")} new parts`);
    assert.equal(nodesOf(edited.tree), nodesOf(parser.parse(edited.text)));
  });
}

const PIECES = ["x", "\n", "\n\n", "```\n", "    ", "- ", "> ", "# ", "1. ", "*", "word word", "\n\n    code\n\n"];

test("the tree after any edits is that of the whole text", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const below = randomNumbers(seed);
    const edited = new Edited(textOf(60));
    for (let step = 0; step < 20; step++) {
      const from = below(edited.text.length + 1);
      const to = below(3) === 0 ? Math.min(edited.text.length, from + below(60)) : from;
      edited.edit({ from, to, insert: PIECES[below(PIECES.length)]! });
      assert.equal(nodesOf(edited.tree), nodesOf(parser.parse(edited.text)), `seed ${seed}, step ${step}`);
    }
  }
});

const levelsOf = (tree: Tree): number =>
  1 + Math.max(0, ...tree.children.map((child) => (child instanceof Tree ? levelsOf(child) : 0)));

test("a tree that grows at one place has no more levels than that of the whole text", () => {
  const edited = new Edited(textOf(500));
  const at = edited.text.indexOf("words", edited.text.length / 2);
  for (let key = 0; key < 120; key++) edited.edit({ from: at, to: at, insert: key % 3 === 0 ? "\n\n" : "x" });
  assert.ok(levelsOf(edited.tree) <= levelsOf(parser.parse(edited.text)) + 2, `${levelsOf(edited.tree)} levels`);
});

test("a part of a text has the colours that it has in the whole", () => {
  const text = textOf(200);
  const tree = parser.parse(text);
  const all = Array.from({ length: text.length }, () => "");
  highlightTree(tree, markdownStyle, (start, end, style) => all.fill(style, start, end));
  const below = randomNumbers(7);
  for (let round = 0; round < 200; round++) {
    const from = below(text.length);
    const to = Math.min(text.length, from + below(400));
    const part = Array.from({ length: text.length }, () => "");
    highlightTree(tree, markdownStyle, (start, end, style) => part.fill(style, start, end), from, to);
    assert.deepEqual(part.slice(from, to), all.slice(from, to), `${from} to ${to}`);
  }
});

test("colouring what is seen goes through what is seen alone", () => {
  const edited = new Edited(textOf(3_000));
  const from = Math.floor(edited.text.length / 2);
  const go = TreeCursor.prototype.nextSibling;
  let steps = 0;
  TreeCursor.prototype.nextSibling = function counted(this: TreeCursor) {
    steps++;
    return go.call(this);
  };
  try {
    let coloured = 0;
    highlightTree(edited.tree, markdownStyle, () => void coloured++, from, from + 2_000);
    assert.ok(coloured > 20);
  } finally {
    TreeCursor.prototype.nextSibling = go;
  }
  assert.ok(steps < 800, `${steps} steps`);
});
