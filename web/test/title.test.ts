import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
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

test("a document without a title is called by its first heading", () => {
  assert.equal(derivedTitle("intro\n\n## The **plan** ##\n"), "The plan");
  assert.equal(derivedTitle("#hashtag\n"), "");
  assert.equal(derivedTitle(""), "");
});
