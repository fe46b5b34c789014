import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

declare const SOURCES: string;

const css = readFileSync(join(SOURCES, "styles", "tokens.css"), "utf8");

/** The custom properties of the block that begins with `selector`. */
function tokensOf(selector: string): Map<string, string> {
  const start = css.indexOf(selector);
  assert.notEqual(start, -1, `there is no ${selector}`);
  const block = css.slice(css.indexOf("{", start) + 1, css.indexOf("}", start));
  return new Map([...block.matchAll(/(--[a-z0-9-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}

const light = tokensOf(":root {");
const dark = tokensOf(':root[data-theme="dark"]');

function luminance(hex: string): number {
  assert.match(hex, /^#[0-9a-f]{6}$/);
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** Text, and what it is shown on. */
const TEXT_PAIRS: readonly (readonly [string, readonly string[]])[] = [
  ["text", ["page", "raised", "hover", "accent-soft", "good-soft", "warning-soft", "error-soft", "selection", "active-line"]],
  ["muted", ["page", "raised", "hover", "active-line"]],
  ["accent", ["page", "raised", "hover", "accent-soft", "active-line"]],
  ["on-accent", ["accent"]],
  ["code", ["page", "raised", "active-line"]],
  ["good", ["page", "raised", "good-soft"]],
  ["warning", ["page", "raised", "warning-soft"]],
  ["error", ["page", "raised", "error-soft"]],
];

for (const [theme, tokens] of [["light", light], ["dark", dark]] as const) {
  const color = (name: string): string => tokens.get(`--color-${name}`) ?? "";
  test(`text can be read in the ${theme} theme: 4.5 to 1`, () => {
    for (const [front, backs] of TEXT_PAIRS) {
      for (const back of backs) {
        const found = contrast(color(front), color(back));
        assert.ok(found >= 4.5, `${front} on ${back}: ${found.toFixed(2)}`);
      }
    }
  });
  test(`the edges of controls can be seen in the ${theme} theme: 3 to 1`, () => {
    for (const back of ["page", "raised"]) {
      const found = contrast(color("control"), color(back));
      assert.ok(found >= 3, `control on ${back}: ${found.toFixed(2)}`);
    }
  });
}

test("the dark theme of the system and the one of the user are the same", () => {
  assert.deepEqual(tokensOf(':root:not([data-theme="light"])'), dark);
});

test("the dark theme has every colour of the light one", () => {
  const colors = (tokens: Map<string, string>): string[] => [...tokens.keys()].filter((name) => name.startsWith("--color")).sort();
  assert.deepEqual(colors(dark), colors(light));
});

test("black on white is 21 to 1", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.ok(Math.abs(contrast("#777777", "#ffffff") - 4.48) < 0.005);
});
