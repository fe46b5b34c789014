/** Very long lines in the source pane: they are read as plain paragraphs, and what stands around them as before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownSource } from "../src/editor/highlight";

function nodesOf(text: string): string[] {
  const found: string[] = [];
  markdownSource.parser.parse(text).iterate({ enter: ({ name, from, to }) => void found.push(`${name} ${from}-${to}`) });
  return found;
}

test("a line of 20,000 characters has its markup, a longer one has none", () => {
  const short = "*word* ".repeat(2_857);
  assert.ok(nodesOf(short).some((node) => node.startsWith("Emphasis ")));
  const long = "*word* ".repeat(2_858);
  assert.deepEqual(nodesOf(long), [`Document 0-${long.length}`, `Paragraph 0-${long.length}`]);
});

test("a long line ends the paragraph before it, and the one after it has its markup", () => {
  const long = "x".repeat(30_000);
  const nodes = nodesOf(`*one*\n${long}\n*two*\n`);
  const start = 6;
  assert.ok(nodes.includes("Emphasis 0-5"));
  assert.ok(nodes.includes(`Paragraph ${start}-${start + 30_000}`));
  assert.ok(nodes.includes(`Emphasis ${start + 30_001}-${start + 30_006}`));
});

test("a long line of code stays code", () => {
  const nodes = nodesOf("```\n" + "x".repeat(30_000) + "\n```\n");
  assert.ok(nodes.includes("CodeText 4-30004"));
});
