import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../src/command/command";
import { CommandRegistry } from "../src/command/registry";
import { ariaShortcut, fitOf, shortcutKeys, type KeyPress } from "../src/command/shortcut";

const NAMES = { ctrl: "Ctrl", shift: "Shift" };

/** A press as `Ctrl-Shift-k`, at the key that an American keyboard has for it. */
function press(keys: string, change: Partial<KeyPress> = {}): KeyPress {
  const parts = keys.split(/-(?!$)/);
  const key = parts.pop() ?? "";
  return {
    key,
    code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : key,
    ctrlKey: parts.includes("Ctrl"),
    metaKey: parts.includes("Meta"),
    altKey: parts.includes("Alt"),
    shiftKey: parts.includes("Shift"),
    altGraph: false,
    ...change,
  };
}

const command = (id: string, shortcut?: string, more: Partial<Command> = {}): Command => ({
  id,
  group: "view",
  label: () => id,
  ...(shortcut === undefined ? {} : { shortcut }),
  run: () => undefined,
  ...more,
});

test("Mod is Ctrl, and Cmd on a Mac", () => {
  assert.equal(fitOf(press("Ctrl-b"), "Mod-b", false), 2);
  assert.equal(fitOf(press("Meta-b"), "Mod-b", false), 0);
  assert.equal(fitOf(press("Meta-b"), "Mod-b", true), 2);
  assert.equal(fitOf(press("Ctrl-b"), "Mod-b", true), 0);
  assert.equal(fitOf(press("Ctrl-b"), "Ctrl-b", true), 2);
});

test("every modifier must be as it is written", () => {
  assert.equal(fitOf(press("Ctrl-Alt-h"), "Mod-Alt-h", false), 2);
  assert.equal(fitOf(press("Ctrl-h"), "Mod-Alt-h", false), 0);
  assert.equal(fitOf(press("Ctrl-Alt-Shift-h"), "Mod-Alt-h", false), 0);
  assert.equal(fitOf(press("Ctrl-Shift-P"), "Mod-Shift-p", false), 2);
  assert.equal(fitOf(press("Shift-Ctrl-P"), "Shift-Mod-p", false), 2);
  assert.equal(fitOf(press("b"), "Mod-b", false), 0);
});

test("a key without a Latin letter is known by its place", () => {
  assert.equal(fitOf(press("Ctrl-и", { code: "KeyB" }), "Mod-b", false), 2);
  assert.equal(fitOf(press("Meta-Alt-˙", { code: "KeyH" }), "Mod-Alt-h", true), 2);
  assert.equal(fitOf(press("Ctrl-Shift-&", { code: "Digit7" }), "Mod-Shift-7", false), 2);
});

test("the letter counts, not the place, where the layout moves Latin letters", () => {
  const pressedZOnGerman = press("Ctrl-z", { code: "KeyY" });
  assert.equal(fitOf(pressedZOnGerman, "Mod-z", false), 2);
  assert.equal(fitOf(pressedZOnGerman, "Mod-y", false), 0);
});

test("AltGr types characters and is no shortcut", () => {
  const euro = press("Ctrl-Alt-€", { code: "KeyE", altGraph: true });
  assert.equal(fitOf(euro, "Mod-Alt-e", false), 0);
});

test("a sign may need Shift on another keyboard, and gives way to what fits whole", () => {
  const germanSlash = press("Ctrl-Shift-/", { code: "Digit7" });
  assert.equal(fitOf(germanSlash, "Mod-/", false), 1);
  const registry = new CommandRegistry(false);
  registry.add([command("help", "Mod-/"), command("list", "Mod-Shift-7")]);
  assert.equal(registry.find(germanSlash)?.id, "list");
  assert.equal(registry.find(press("Ctrl-/"))?.id, "help");
});

test("a minus is a key too", () => {
  assert.equal(fitOf(press("Ctrl--"), "Mod--", false), 2);
  assert.deepEqual(shortcutKeys("Mod--", false, NAMES), ["Ctrl", "-"]);
});

test("shortcuts are written as on the keyboard", () => {
  assert.deepEqual(shortcutKeys("Mod-Shift-p", false, NAMES), ["Ctrl", "Shift", "P"]);
  assert.deepEqual(shortcutKeys("Mod-Alt-ArrowUp", true, NAMES), ["⌥", "⌘", "↑"]);
  assert.deepEqual(shortcutKeys("Mod-Enter", true, NAMES), ["⌘", "↩"]);
  assert.equal(ariaShortcut("Mod-Shift-p", false), "Control+Shift+P");
  assert.equal(ariaShortcut("Mod-Alt-h", true), "Meta+Alt+H");
});

test("a list of commands is added and taken away whole", () => {
  const registry = new CommandRegistry(false);
  registry.add([command("one")]);
  const remove = registry.add([command("two", "Mod-2"), command("three")]);
  assert.deepEqual(registry.all.map(({ id }) => id), ["one", "two", "three"]);
  remove();
  assert.deepEqual(registry.all.map(({ id }) => id), ["one"]);
  assert.equal(registry.find(press("Ctrl-2")), null);
});

test("two commands of one name are refused", () => {
  const registry = new CommandRegistry(false);
  registry.add([command("bold")]);
  assert.throws(() => registry.add([command("bold")]), /two commands called bold/);
});

test("what the editor binds is not run by the page", () => {
  const registry = new CommandRegistry(false);
  registry.add([command("bold", "Mod-b", { boundByEditor: true })]);
  assert.equal(registry.find(press("Ctrl-b")), null);
});

test("other shortcuts are bound as well", () => {
  const registry = new CommandRegistry(false);
  registry.add([command("palette", "Mod-Shift-p", { otherShortcuts: ["F1", "Mod-k"] })]);
  for (const keys of ["Ctrl-Shift-p", "F1", "Ctrl-k"]) {
    assert.equal(registry.find(press(keys))?.id, "palette", keys);
  }
});

test("a command that is not available does not run", () => {
  const ran: string[] = [];
  const registry = new CommandRegistry(false);
  registry.add([
    command("on", undefined, { run: () => ran.push("on") }),
    command("off", undefined, { run: () => ran.push("off"), available: () => false }),
  ]);
  assert.equal(registry.run("on"), true);
  assert.equal(registry.run("off"), false);
  assert.equal(registry.run("none"), false);
  assert.deepEqual(ran, ["on"]);
});
