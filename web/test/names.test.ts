import assert from "node:assert/strict";
import { test } from "node:test";
import { baseOf } from "../src/base";
import { anotherName, documentNameFrom, initials, isDocumentName, userNameFrom } from "../src/names";
import { safeColor, safeName } from "../src/safe";

test("document names are made of what people type", () => {
  assert.equal(documentNameFrom("Meeting notes"), "meeting-notes");
  assert.equal(documentNameFrom("Köln, 3. Mai"), "koln-3.-mai");
  assert.equal(documentNameFrom("Team:A_1"), "Team:A_1");
  assert.equal(documentNameFrom("  …  "), null);
  assert.equal(documentNameFrom("会議"), null);
  const long = documentNameFrom("ü".repeat(300));
  assert.ok(long !== null && isDocumentName(long) && long.length === 128);
});

test("the base is what the page states, relative to where it is", () => {
  assert.equal(baseOf("./", "https://example.org/"), "/");
  assert.equal(baseOf("./", "https://example.org/pad/?q=1"), "/pad/");
  assert.equal(baseOf("../", "https://example.org/d/notes"), "/");
  assert.equal(baseOf("../", "https://example.org/a/pad/d/notes#x"), "/a/pad/");
});

test("user names are trimmed, bounded and never empty", () => {
  assert.equal(userNameFrom("  Ana   Maria \n"), "Ana Maria");
  assert.equal(userNameFrom(" \u0000 "), null);
  assert.equal([...(userNameFrom("😀".repeat(100)) ?? "")].length, 60);
});

test("initials are one or two letters", () => {
  assert.equal(initials("Ana Maria Lopez"), "AL");
  assert.equal(initials("ana"), "A");
  assert.equal(initials("😀 Smile"), "😀S");
  assert.equal(initials(""), "?");
});

test("colours and names of peers are checked", () => {
  assert.equal(safeColor("#1670c9"), "#1670c9");
  for (const bad of ["red", "#FFF", "#1670C9", "#1670c9;x:y", undefined, 7, "#1670c9\n"]) {
    assert.equal(safeColor(bad), "#777777");
  }
  assert.equal(safeName(7), "Someone");
  assert.equal(safeName("x".repeat(500)).length, 60);
});

test("a title that would lose more than half of itself makes no name", () => {
  assert.equal(documentNameFrom("Заметки 2024"), null);
  assert.equal(documentNameFrom("会議 notes 2024"), "notes-2024");
});

test("another name for the same title is a name, differs, and is as short as one may be", () => {
  let count = 0;
  const random = () => (count += 0.03) % 1;
  const one = anotherName("notes", random);
  assert.match(one, /^notes-[2-9a-z]{6}$/);
  assert.notEqual(anotherName("notes", random), one);
  assert.ok(isDocumentName(anotherName("n".repeat(128), random)));
});
