import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzyMatch, fuzzySort } from "../src/command/fuzzy";
import { fittingCount, placeBeside } from "../src/ui/place";
import { Typing, indexByKey, indexByTyping } from "../src/ui/roving";

const MENU = { axis: "vertical", reachable: [true, false, true, true] } as const;

test("arrows go on to what can be reached, around the ends", () => {
  assert.equal(indexByKey("ArrowDown", { ...MENU, index: 0 }), 2);
  assert.equal(indexByKey("ArrowUp", { ...MENU, index: 2 }), 0);
  assert.equal(indexByKey("ArrowUp", { ...MENU, index: 0 }), 3);
  assert.equal(indexByKey("ArrowDown", { ...MENU, index: 3 }), 0);
  assert.equal(indexByKey("ArrowUp", { ...MENU, index: -1 }), 3);
  assert.equal(indexByKey("ArrowDown", { ...MENU, index: -1 }), 0);
  assert.equal(indexByKey("Home", { ...MENU, index: 3 }), 0);
  assert.equal(indexByKey("End", { ...MENU, index: 0 }), 3);
  assert.equal(indexByKey("ArrowRight", { ...MENU, index: 0 }), null);
  assert.equal(indexByKey("x", { ...MENU, index: 0 }), null);
});

test("right is forward, but back where the text runs from right to left", () => {
  const bar = { axis: "horizontal", reachable: [true, true, true], index: 1 } as const;
  assert.equal(indexByKey("ArrowRight", bar), 2);
  assert.equal(indexByKey("ArrowLeft", bar), 0);
  assert.equal(indexByKey("ArrowRight", { ...bar, rtl: true }), 0);
  assert.equal(indexByKey("ArrowLeft", { ...bar, rtl: true }), 2);
});

test("where nothing can be reached, keys lead nowhere", () => {
  const none = { axis: "vertical", reachable: [false, false], index: 0 } as const;
  for (const key of ["ArrowDown", "ArrowUp", "Home", "End"]) assert.equal(indexByKey(key, none), null);
  assert.equal(indexByKey("Home", { axis: "vertical", reachable: [], index: -1 }), null);
});

test("typing leads to the label, and one letter again and again to each", () => {
  const labels = ["History", "Share", "Save", "Print"];
  assert.equal(indexByTyping("s", labels, 0), 1);
  assert.equal(indexByTyping("s", labels, 1), 2);
  assert.equal(indexByTyping("ss", labels, 2), 1);
  assert.equal(indexByTyping("sa", labels, 1), 2);
  assert.equal(indexByTyping("SA", labels, 2), 2, "it stays where it is right");
  assert.equal(indexByTyping("x", labels, 0), null);
  assert.equal(indexByTyping("", labels, 0), null);
});

test("what is typed after a pause is a new word", () => {
  const typing = new Typing(700);
  assert.equal(typing.add("s", 0), "s");
  assert.equal(typing.add("a", 600), "sa");
  assert.equal(typing.add("p", 1_400), "p");
});

const WINDOW = { width: 400, height: 300 };

test("a menu hangs below its button, or above where there is no room", () => {
  const size = { width: 100, height: 80 };
  const at = (left: number, top: number) => ({ left, top, width: 40, height: 20 });
  assert.deepEqual(placeBeside(at(20, 10), size, WINDOW, "left"), { left: 20, top: 34 });
  assert.deepEqual(placeBeside(at(200, 10), size, WINDOW, "right"), { left: 140, top: 34 });
  assert.deepEqual(placeBeside(at(200, 10), size, WINDOW, "center"), { left: 170, top: 34 });
  assert.deepEqual(placeBeside(at(20, 250), size, WINDOW, "left"), { left: 20, top: 166 });
});

test("whatever its place, it is inside the window", () => {
  for (const left of [-30, 0, 180, 390]) {
    for (const top of [-20, 0, 140, 290]) {
      for (const alignment of ["left", "right", "center"] as const) {
        const size = { width: 150, height: 200 };
        const placed = placeBeside({ left, top, width: 30, height: 30 }, size, WINDOW, alignment);
        assert.ok(placed.left >= 0 && placed.left + size.width <= WINDOW.width, `${left}, ${top}`);
        assert.ok(placed.top >= 0 && placed.top + size.height <= WINDOW.height, `${left}, ${top}`);
      }
    }
  }
});

test("groups fit whole, with the button of the rest beside them", () => {
  assert.equal(fittingCount([100, 100, 100], 300, 40), 3);
  assert.equal(fittingCount([100, 100, 100], 299, 40), 2);
  assert.equal(fittingCount([100, 100, 100], 239, 40), 1);
  assert.equal(fittingCount([100, 100, 100], 60, 40), 0);
  assert.equal(fittingCount([], 60, 40), 0);
});

const LABELS = ["Bold", "Bullet list", "Horizontal rule", "History", "Heading 1", "Shortcuts", "Überschrift 2"];
const best = (typed: string): string | undefined => fuzzySort(typed, LABELS, (label) => label)[0]?.item;

test("what is typed finds a command by letters in order", () => {
  assert.equal(best("bold"), "Bold");
  assert.equal(best("bl"), "Bullet list");
  assert.equal(best("list"), "Bullet list");
  assert.equal(best("hi"), "History");
  assert.equal(best("h1"), "Heading 1");
  assert.equal(best("hr"), "Horizontal rule");
  assert.equal(best("uber"), "Überschrift 2");
  assert.equal(best("ü2"), "Überschrift 2");
  assert.equal(fuzzyMatch("xyz", "Bold"), null);
  assert.equal(fuzzyMatch("dlob", "Bold"), null);
});

test("nothing typed matches everything, in order", () => {
  assert.deepEqual(fuzzySort("", LABELS, (label) => label).map(({ item }) => item), LABELS);
});

test("matched places are the letters that were typed", () => {
  for (const label of LABELS) {
    for (const typed of ["b", "l", "hi", "i", "2", "rt"]) {
      const match = fuzzyMatch(typed, label);
      const letters = match?.places.map((at) => label[at]?.toLowerCase()).join("");
      if (match !== null) assert.equal(letters, typed, `${typed} in ${label}`);
    }
  }
});
