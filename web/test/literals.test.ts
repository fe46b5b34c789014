/**
 * What the user reads is in the catalogue (`src/language/`): no module has words of its own. Each source is
 * compiled as in the build, so that the text of an element is a string like any other, and its strings are judged.
 */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, type AnyNode } from "acorn";
import { transformSync } from "esbuild";

declare const SOURCES: string;

/** Names, and what is called so in every language. */
const NOT_WORDS = new Set([
  ...["Quire", "Esc", "Meta", "Alt", "Samsung Internet"],
  // A font, and the names of styles by which Word and pandoc know each other's.
  ...["Cambria Math", "Source Code", "Block Text", "Verbatim Char"],
]);

/** Of elements, components and descriptions: what is shown or read aloud. */
const SHOWN = new Set(
  ["children", "label", "title", "placeholder", "aria-label", "data-tip", "lead", "hint", "words", "nothing", "note"],
);

/** Still to be moved, each by whoever works on it. A file without words of its own must leave the list. */
const PENDING = new Set<string>([]);

const LETTERS = /\p{L}{2}/u;
/** Two words, of which the first has a capital, or the end of a sentence. */
const SENTENCE = /^\s*\p{Lu}[\p{L}’']*[,:]? \p{L}|\p{L}{2,} \p{L}.*[.?!…]$/u;

interface Found {
  readonly line: number;
  readonly words: string;
}

/** The words that a user would read, in a source file. */
export function literalsIn(source: string, fileName: string): Found[] {
  const { code } = transformSync(source, {
    loader: fileName.endsWith(".tsx") ? "tsx" : "ts",
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: false,
    target: "es2022",
  });
  const found: Found[] = [];
  const lines = source.split("\n");
  const note = (words: string): void => {
    const first = words.trim().slice(0, 25);
    found.push({ line: lines.findIndex((line) => line.includes(first)) + 1, words });
  };
  const visit = (node: unknown, isShown: boolean): void => {
    if (Array.isArray(node)) return node.forEach((child) => visit(child, isShown));
    if (!isNode(node)) return;
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ThrowStatement":
        return;
      case "NewExpression":
        // What is said to whoever reads the console.
        if (node.callee.type === "Identifier" && /Error$/.test(node.callee.name) && node.callee.name !== "ApiError") return;
        break;
      case "Literal":
        if (typeof node.value === "string" && isForUsers(node.value, isShown)) note(node.value);
        return;
      case "TemplateLiteral": {
        const words = node.quasis.map(({ value }) => value.cooked ?? "").join("·");
        if (isForUsers(words, isShown)) note(words);
        return node.expressions.forEach((child) => visit(child, isShown));
      }
      case "Property": {
        const key = node.key.type === "Identifier" ? node.key.name : node.key.type === "Literal" ? String(node.key.value) : "";
        return visit(node.value, SHOWN.has(key));
      }
      case "AssignmentExpression":
        if (node.left.type === "MemberExpression" && node.left.property.type === "Identifier" && node.left.property.name === "textContent") {
          return visit(node.right, true);
        }
        break;
      case "CallExpression": {
        // element("p", { … }, "words")
        const isElement = node.callee.type === "Identifier" && node.callee.name === "element";
        visit(node.callee, false);
        return node.arguments.forEach((argument, index) => visit(argument, isElement && index >= 2));
      }
      case "ConditionalExpression":
        visit(node.test, false);
        visit(node.consequent, isShown);
        return visit(node.alternate, isShown);
      case "BinaryExpression":
      case "LogicalExpression":
        visit(node.left, isShown && node.operator === "+");
        return visit(node.right, isShown && node.operator !== "===" && node.operator !== "!==");
      case "MemberExpression":
        return visit(node.object, false);
      case "ArrowFunctionExpression":
        // A label is often a function.
        return visit(node.body, isShown && node.body.type !== "BlockStatement");
      default:
        break;
    }
    for (const [key, child] of Object.entries(node)) if (key !== "type") visit(child, isShown && node.type === "ArrayExpression");
  };
  visit(parse(code, { ecmaVersion: 2022, sourceType: "module" }), false);
  return found;
}

const isNode = (value: unknown): value is AnyNode => typeof value === "object" && value !== null && "type" in value;

function isForUsers(words: string, isShown: boolean): boolean {
  if (NOT_WORDS.has(words.trim())) return false;
  return isShown ? LETTERS.test(words) : SENTENCE.test(words);
}

function sources(folder: string): string[] {
  return readdirSync(join(SOURCES, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return path === "language" || path === "vendor" ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

const all = sources("").map((path) => ({ path, found: literalsIn(readFileSync(join(SOURCES, path), "utf8"), path) }));

test("no source has words for users outside the catalogue", () => {
  const wrong = all
    .filter(({ path, found }) => found.length > 0 && !PENDING.has(path))
    .flatMap(({ path, found }) => found.map(({ line, words }) => `${path}:${line}: ${words}`));
  assert.ok(wrong.length === 0, `words outside the catalogue:\n${wrong.join("\n")}`);
});

test("what has been moved into the catalogue is no longer excepted", () => {
  const words = new Set(all.filter(({ found }) => found.length > 0).map(({ path }) => path));
  assert.deepEqual([...PENDING].filter((path) => !words.has(path)), []);
});

test("words are found wherever they are shown", () => {
  const wordsOf = (source: string): string[] => literalsIn(source, "a.tsx").map(({ words }) => words.trim());
  assert.deepEqual(wordsOf("export const a = <p class='hint'>Nothing</p>;"), ["Nothing"]);
  assert.deepEqual(wordsOf("export const a = <input aria-label='Name' name='login' />;"), ["Name"]);
  assert.deepEqual(wordsOf("export const a = <b>{on ? 'yes' : 'no'}</b>;"), ["yes", "no"]);
  assert.deepEqual(wordsOf("export const a = { label: () => 'bold', id: 'bold' };"), ["bold"]);
  assert.deepEqual(wordsOf("dom.textContent = `version ${n}`;"), ["version ·"]);
  assert.deepEqual(wordsOf("element('p', { class: 'hint' }, 'later');"), ["later"]);
  assert.deepEqual(wordsOf("say('Try again.');"), ["Try again."]);
  assert.deepEqual(wordsOf("const a = <Field hint={`At least ${n} characters`} />;"), ["At least · characters"]);
});

test("what no user reads is let be", () => {
  const clean = `
    import { a } from "./some where.";
    throw new Error("there is no #app");
    const key = "quire:kept:"; const selector = ".pane button"; const kind = x === "signed out" ? 1 : 2;
    const b = <p class="banner banner-error" role="alert">{words().a}{n > 1 ? "" : " · "}</p>;
  `;
  assert.deepEqual(literalsIn(clean, "a.tsx"), []);
});
