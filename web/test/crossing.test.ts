/**
 * Undo, redo and restores that cross each other between people and the server: nothing comes twice.
 *
 * Six bugs planted, and caught here: nothing gives way; what came after the undo was stored counts as before it; what
 * comes is not compared when the undo is stored, or when it comes later; what the undo deleted is not brought back, or
 * also where others deleted it. The first is found by the random orders, too.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { World, doubled, wordsOf, type Person } from "./undoworld";

const A = "[aaaaaaaa]";
const B = "[bbbbbbbb]";
const C = "[cccccccc]";

/** Ana has replaced the second word, and everybody knows. */
function begun(): { world: World; ana: Person; ben: Person; old: number } {
  const world = new World(2);
  const [ana, ben] = world.people as [Person, Person];
  ana.edit(0, 0, A + B);
  world.settle();
  const old = world.head;
  ana.edit(1, 2, C);
  world.settle();
  return { world, ana, ben, old };
}

/** Every order in which what waits on the way is delivered, after `act`. */
function inEveryOrder(act: () => World, check: (world: World, order: string) => void): number {
  const orders: string[] = [""];
  let count = 0;
  for (let order = orders.pop(); order !== undefined; order = orders.pop()) {
    const world = act();
    for (const step of order) deliver(world, Number(step));
    const open = [0, 1, 2, 3].filter((way) => waits(world, way));
    if (open.length > 0) orders.push(...open.map((way) => order + String(way)));
    else {
      count++;
      check(world, order);
    }
  }
  return count;
}

const waits = ({ people }: World, way: number): boolean => {
  const person = people[way >> 1];
  return (way & 1) === 0 ? (person?.out.length ?? 0) > 0 : (person?.in.length ?? 0) > 0;
};

function deliver({ people }: World, way: number): void {
  const person = people[way >> 1];
  if ((way & 1) === 0) person?.send();
  else person?.receive();
}

test("an undo and a restore of another that cross each other give the text once, in every order", () => {
  const count = inEveryOrder(
    () => {
      const { world, ana, ben, old } = begun();
      ana.steps.undo();
      ben.restore(old);
      return world;
    },
    (world, order) => {
      assert.equal(world.text, A + B, order);
      assert.ok(world.same(), order);
    },
  );
  assert.ok(count > 10, String(count));
});

test("an undo that crosses the restore of the same person gives the text once, in every order", () => {
  inEveryOrder(
    () => {
      const { world, ana, old } = begun();
      ana.restore(old);
      ana.steps.undo();
      return world;
    },
    (world, order) => {
      assert.equal(world.text, A + B, order);
      assert.ok(world.same(), order);
    },
  );
});

test("a redo and a restore that cross each other give the text once, in every order", () => {
  inEveryOrder(
    () => {
      const { world, ana, ben } = begun();
      const replaced = world.head;
      ana.steps.undo();
      world.settle();
      ana.steps.redo();
      ben.restore(replaced);
      return world;
    },
    (world, order) => assert.equal(world.text, A + C, order),
  );
});

test("two people whose undo and redo bring the same text back: the later one gives way", () => {
  inEveryOrder(
    () => {
      const { world, ana, ben, old } = begun();
      ben.restore(old);
      world.settle();
      ben.steps.undo(); // C again
      world.settle();
      ben.steps.redo(); // B again, …
      ana.steps.undo(); // … and B again
      return world;
    },
    (world, order) => {
      // What Ben's redo would have deleted is there again where it was the later one.
      assert.deepEqual(wordsOf(world.text).filter((word) => word !== C).sort(), [A, B], order);
      assert.ok(world.same(), order);
    },
  );
});

test("what a restore keeps of the text that an undo deletes meanwhile is there", () => {
  inEveryOrder(
    () => {
      const { world, ana, ben } = begun();
      ana.edit(0, 2, A + B);
      world.settle();
      const old = world.head;
      ana.edit(0, 2, C + B);
      world.settle();
      ana.steps.undo();
      ben.restore(old);
      return world;
    },
    (world, order) => {
      assert.equal(world.text, A + B, order);
      assert.ok(world.same(), order);
    },
  );
});

test("what somebody writes after the undo is stored stays, although it is the same", () => {
  const { world, ana, ben } = begun();
  ana.steps.undo();
  world.settle();
  ben.edit(2, 2, B);
  world.settle();
  assert.equal(world.text, A + B + B);
});

test("what came after the undo stays too where its acknowledgement was lost and comes last", () => {
  const { world, ana, ben } = begun();
  ana.steps.undo();
  ana.send();
  while (ben.receive());
  ben.edit(2, 2, B);
  ben.send();
  ana.reconnect();
  world.settle();
  assert.equal(world.text, A + B + B);
});

test("an acknowledgement that overtakes the restore before it changes nothing", () => {
  const { world, ana, ben, old } = begun();
  ana.steps.undo();
  ben.restore(old);
  ben.send();
  ana.send();
  ana.overtake();
  world.settle();
  assert.equal(world.text, A + B);
});

test("an edit that crosses an undo, and says something else, stays beside it", () => {
  inEveryOrder(
    () => {
      const { world, ana, ben } = begun();
      ana.steps.undo();
      ben.edit(2, 2, "[dddddddd]");
      return world;
    },
    (world, order) => assert.deepEqual(wordsOf(world.text).sort(), [A, B, "[dddddddd]"], order),
  );
});

test("a step of whose text a part came back gives way whole, as it is dropped where that is known", () => {
  const world = new World(2);
  const [ana, ben] = world.people as [Person, Person];
  ana.edit(0, 0, A);
  world.settle();
  const old = world.head;
  ben.edit(1, 1, B);
  world.settle();
  ana.edit(0, 2, "");
  world.settle();
  ana.steps.undo();
  ben.restore(old);
  ben.send();
  world.settle();
  assert.equal(world.text, A);
});

const action = fc.record({
  person: fc.nat(2),
  kind: fc.constantFrom("edit", "edit", "delete", "delete", "settle", "send", "receive", "restore", "restore", "undo", "undo", "redo", "reconnect", "overtake"),
  from: fc.nat(40),
  count: fc.nat(3),
});

test("no order of edits, acknowledgements, restores, undos and redos gives any word twice", () => {
  let made = 0;
  const word = (): string => `[${String(made++).padStart(8, "0").replace(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "")}]`;
  fc.assert(
    fc.property(fc.array(action, { minLength: 8, maxLength: 40 }), (actions) => {
      const world = new World(3);
      for (const { person: index, kind, from, count } of actions) {
        const person = world.people[index] as Person;
        const length = wordsOf(person.text).length;
        const start = Math.min(from % (length + 1), length);
        if (kind === "edit") person.edit(start, Math.min(length, start + count), word() + word());
        else if (kind === "delete") person.edit(start, Math.min(length, start + count), "");
        else if (kind === "settle") world.settle();
        else if (kind === "send") person.send();
        else if (kind === "receive") person.receive();
        else if (kind === "reconnect") person.reconnect();
        else if (kind === "overtake") person.overtake();
        else if (kind === "restore") person.restore(cleanVersion(world, from));
        else person.steps[kind]();
      }
      world.settle();
      assert.ok(world.same());
      assert.deepEqual(doubled(world.text), []);
    }),
    { numRuns: 400, seed: 31 },
  );
});

/** A version without anything twice: between an undo and its giving way, the server has it twice. */
function cleanVersion(world: World, choice: number): number {
  for (let version = choice % (world.head + 1); version > 0; version--) {
    if (doubled(world.versions[version] ?? "").length === 0) return version;
  }
  return 0;
}
