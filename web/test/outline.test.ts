import assert from "node:assert/strict";
import { test } from "node:test";
import { outlineOf } from "../src/markup/outline";

test("headings have level, words, line and an id of their own", () => {
  const text = "---\ntitle: x\n---\n# One **two**\n\nSetext\n===\n\n> ## Inside\n\n```\n# no\n```\n\n## One two\n";
  assert.deepEqual(outlineOf(text), [
    { level: 1, text: "One two", line: 3, id: "one-two" },
    { level: 1, text: "Setext", line: 5, id: "setext" },
    { level: 2, text: "Inside", line: 8, id: "inside" },
    { level: 2, text: "One two", line: 14, id: "one-two-1" },
  ]);
});

test("ids keep the letters of every script, and never meet", () => {
  const ids = outlineOf("# Über uns!\n# 日本語 テスト\n# a\n# a-1\n# a\n# a\n# !!!\n# مرحبا\n").map(({ id }) => id);
  assert.deepEqual(ids, ["über-uns", "日本語-テスト", "a", "a-1", "a-2", "a-3", "section", "مرحبا"]);
});

test("carriage returns and a byte order mark do not move lines", () => {
  assert.deepEqual(outlineOf("\ufeff# A\r\n\r\n# B\r# C").map(({ line }) => line), [0, 2, 3]);
});
