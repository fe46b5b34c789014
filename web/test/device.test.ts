/**
 * Nothing that a device has noted is lost or doubled: through lost frames, lost connections,
 * transactions that fail, tabs that crash at any step, several tabs, and a history that is set back.
 *
 * Planted bugs that these tests were seen to catch are listed in docs/editor.md.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { condense, essential, isCovered, isNewer, restore, type StoredRange, type StoreOperation } from "../src/device/stored";
import { DeviceTab, ModelStore, textOf } from "./devicemodel";
import { FakeServer } from "./fakeserver";

type Step =
  | { readonly kind: "type" | "up" | "down" | "commit" | "fail" | "cut" | "connect"; readonly tab: number; readonly at: number }
  | { readonly kind: "crash" | "crash-adopting" | "adopt" | "open" | "condense" | "wait"; readonly tab: number; readonly at: number }
  | { readonly kind: "rewind" | "remote"; readonly tab: number; readonly at: number };

const step = (withRewinds: boolean): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("type" as const) },
      { weight: 8, arbitrary: fc.constantFrom("up" as const, "down" as const) },
      { weight: 6, arbitrary: fc.constantFrom("commit" as const) },
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          "fail" as const, "cut" as const, "connect" as const, "crash" as const, "crash-adopting" as const,
          "adopt" as const, "open" as const, "condense" as const, "wait" as const, "remote" as const,
        ),
      },
      ...(withRewinds ? [{ weight: 1, arbitrary: fc.constant("rewind" as const) }] : []),
    ),
    tab: fc.nat(2),
    at: fc.nat(200),
  });

class World {
  readonly server = new FakeServer();
  readonly store = new ModelStore();
  readonly tabs: (DeviceTab | null)[] = [null, null, null];
  /** Marks that must not be lost: on the device, or typed in a tab that lives. */
  readonly durable = new Set<string>();
  /** Marks whose only log was set back: nobody can have them again but who saw them. */
  readonly rewound = new Set<string>();
  readonly remote: string[] = [];
  readonly sent = new Map<string, string>();
  private marks = 0;
  private opened = 0;

  run({ kind, tab: place, at }: Step): void {
    const tab = this.tabs[place] ?? null;
    if (kind === "rewind") return this.rewind();
    if (kind === "remote") return this.writeRemote(at);
    if (tab === null) {
      if (kind === "open" || kind === "connect") this.open(place, kind === "connect");
      return;
    }
    switch (kind) {
      case "type":
        tab.type(at, String.fromCharCode(0x4e00 + (this.marks += 1)));
        break;
      case "up":
        tab.tab.deliverUp();
        break;
      case "down":
        tab.tab.deliverDown();
        break;
      case "commit":
        this.commit(tab, true);
        break;
      case "fail":
        this.commit(tab, false);
        break;
      case "cut":
        tab.tab.cut();
        break;
      case "connect":
        if (!tab.tab.connected) tab.tab.connect();
        break;
      case "crash":
        this.crash(place);
        break;
      case "crash-adopting":
        tab.adopt(this.alive, true);
        this.crash(place);
        break;
      case "adopt":
        tab.adopt(this.alive);
        break;
      case "condense":
        tab.condense();
        break;
      case "wait":
        tab.tab.wait(1_000);
        break;
      case "open":
        break;
    }
    this.noteSent(tab);
  }

  open(place: number, connected: boolean): DeviceTab {
    this.opened += 1;
    const tab = new DeviceTab(this.server, this.store, `t${this.opened}`);
    this.tabs[place] = tab;
    tab.adopt(this.alive);
    if (connected) tab.tab.connect();
    return tab;
  }

  /** Everybody comes back, and everything comes through. */
  settle(): void {
    if (this.tabs.every((tab) => tab === null)) this.open(0, true);
    for (let round = 0; round < 40; round++) {
      for (const tab of this.living) {
        if (!tab.tab.connected) tab.tab.connect();
        tab.adopt(this.alive);
        tab.tab.settle();
        tab.tab.wait(1_000);
        this.commit(tab, true);
        this.noteSent(tab);
      }
    }
  }

  get living(): DeviceTab[] {
    return this.tabs.filter((tab) => tab !== null);
  }

  get alive(): ReadonlySet<string> {
    return new Set(this.living.map(({ tag }) => tag));
  }

  private crash(place: number): void {
    this.tabs[place]?.tab.cut();
    this.tabs[place] = null;
  }

  private commit(tab: DeviceTab, succeeds: boolean): void {
    tab.commit(succeeds);
    if (succeeds) for (const mark of tab.typed) this.durable.add(mark);
  }

  private writeRemote(at: number): void {
    const mark = String.fromCharCode(0xac00 + this.remote.length);
    this.remote.push(mark);
    this.server.write((text) => text.insert(at % (text.length + 1), mark), `remote.${this.server.epoch}.${this.remote.length}`);
  }

  private rewind(): void {
    const { server } = this;
    for (const mark of server.text) this.rewound.add(mark);
    for (const tab of this.living) tab.tab.cut();
    server.log = server.log.slice(0, Math.floor(server.version / 2));
    server.epoch = `${server.epoch}+`;
  }

  private noteSent({ tab }: DeviceTab): void {
    for (const message of tab.sent.splice(0)) {
      if (message.type !== "update") continue;
      const bytes = Buffer.from(message.update).toString("base64");
      assert.equal(this.sent.get(message.id) ?? bytes, bytes, `${message.id} was sent with other bytes`);
      this.sent.set(message.id, bytes);
    }
  }
}

const times = (text: string, mark: string): number => text.split(mark).length - 1;

function check(world: World, withRewinds: boolean): void {
  world.settle();
  const { server, store } = world;
  for (const tab of world.living) for (const mark of tab.typed) world.durable.add(mark);
  const everywhere = [server.text, ...store.kept].join("\n");
  for (const mark of world.durable) {
    assert.ok(times(server.text, mark) <= 1, `${mark} is doubled`);
    if (world.rewound.has(mark)) continue;
    assert.ok(everywhere.includes(mark), `${mark} is lost`);
    if (!withRewinds) assert.equal(times(server.text, mark), 1, `${mark} is not on the server`);
  }
  if (!withRewinds) {
    assert.deepEqual(store.kept, []);
    for (const mark of world.remote) assert.equal(times(server.text, mark), 1);
  }
  assert.deepEqual([...store.edits.keys()], [], "the device goes on keeping what is saved");
  for (const { tab } of world.living) {
    assert.deepEqual([tab.text, tab.view.pending, tab.view.version], [server.text, 0, server.version]);
  }
  checkStored(world);
}

/** What the device has of the document is what the log says at that version. */
function checkStored({ server, store }: World): void {
  const restored = restore({ replica: store.replica, ranges: [...store.ranges.values()] });
  if (restored === null || restored.replica.epoch !== server.epoch) return;
  assert.ok(restored.version <= server.version);
  const log = server.log.map(({ update }) => update);
  const upTo = textOf([restored.replica.state, ...log.slice(0, restored.version)]);
  assert.equal(textOf([...restored.updates, ...log.slice(0, restored.version)]), textOf(restored.updates));
  if (restored.version === server.version) assert.equal(upTo, server.text);
}

const runs = Number(process.env["QUIRE_PROPERTY_RUNS"] ?? 300);

test("tabs that crash at any step lose and double nothing that the device has", () => {
  fc.assert(
    fc.property(fc.array(step(false), { maxLength: 120, size: "max" }), (steps) => {
      const world = new World();
      world.open(0, true).tab.settle();
      for (const each of steps) world.run(each);
      check(world, false);
    }),
    { numRuns: runs },
  );
});

test("a history that was set back leaves what was not saved as text", () => {
  fc.assert(
    fc.property(fc.array(step(true), { maxLength: 120, size: "max" }), (steps) => {
      const world = new World();
      world.open(0, true).tab.settle();
      for (const each of steps) world.run(each);
      check(world, true);
    }),
    { numRuns: runs },
  );
});

test("a tab that opens offline shows what the server had and what tabs that are gone had noted", () => {
  fc.assert(
    fc.property(fc.array(step(false), { maxLength: 80, size: "max" }), (steps) => {
      const world = new World();
      world.open(0, true).tab.settle();
      for (const each of steps) world.run(each);
      for (const tab of world.living) tab.commit(true);
      const noted = [...world.store.edits.values()];
      for (const place of [0, 1, 2]) world.run({ kind: "crash", tab: place, at: 0 });
      const { tab } = world.open(0, false);
      assert.equal(tab.view.pending, noted.reduce((sum, { edits }) => sum + edits, 0));
      const stored = { replica: world.store.replica, ranges: [...world.store.ranges.values()] };
      const updates = restore(stored)?.updates ?? [];
      assert.equal(tab.text, textOf([...updates, ...noted.map(({ update }) => update)]));
      // Only where there was no room may a copy of what the server has be missing.
      if (steps.some(({ kind }) => kind === "fail")) return;
      for (const mark of world.durable) assert.equal(times(tab.text, mark), 1, `${mark} is not shown`);
    }),
    { numRuns: runs },
  );
});

test("condensed operations leave the same on the device", () => {
  const owner = fc.constantFrom("a", "b");
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 2 });
  const epoch = fc.constantFrom("e1", "e2");
  const version = fc.integer({ min: 1, max: 9 });
  const operation: fc.Arbitrary<StoreOperation> = fc.oneof(
    fc.record({
      type: fc.constant("put-edit" as const),
      edit: fc.record({ owner, key: fc.nat(4), epoch, id: fc.constant(null), update: bytes, edits: fc.nat(3) }),
    }),
    fc.record({ type: fc.constant("drop-edit" as const), owner, key: fc.nat(4) }),
    fc.record({ type: fc.constant("drop-edits" as const), owner }),
    fc.record({ type: fc.constant("put-range" as const), range: fc.record({ epoch, from: version, to: version, update: bytes }) }),
    fc.record({
      type: fc.constant("put-replica" as const),
      replica: fc.record({
        epoch, version, state: bytes, root: fc.constant("content"), role: fc.constant("editor" as const), maxChars: fc.constant(null),
      }),
    }),
    fc.record({ type: fc.constant("keep" as const), kept: fc.record({ at: fc.nat(9), text: fc.string() }) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 20, size: "max" }), fc.array(operation, { maxLength: 40, size: "max" }), (before, operations) => {
      const [plain, short] = [new ModelStore(), new ModelStore()];
      for (const store of [plain, short]) store.apply(before);
      plain.apply(operations);
      short.apply(condense(operations));
      assert.deepEqual([short.edits, short.kept, short.replica], [plain.edits, plain.kept, plain.replica]);
      const left = ({ replica, ranges }: ModelStore) =>
        [...ranges.values()].filter((range) => replica === null || !isCovered(range, replica));
      const order = (one: StoredRange, other: StoredRange) =>
        one.epoch < other.epoch ? -1 : one.epoch > other.epoch ? 1 : one.from - other.from;
      assert.deepEqual(left(short).sort(order), left(plain).sort(order));
      const little = new ModelStore();
      little.apply(before);
      little.apply(essential(condense(operations)));
      assert.deepEqual([little.edits, little.kept], [plain.edits, plain.kept]);
    }),
  );
});

test("a tab that lags does not set the device back", () => {
  const replica = { epoch: "e1", version: 5, state: new Uint8Array(), root: "content", role: "editor", maxChars: null } as const;
  assert.ok(isNewer(replica, null));
  assert.ok(isNewer(replica, { ...replica, version: 4 }));
  assert.ok(!isNewer(replica, { ...replica, version: 6 }));
  assert.ok(isNewer(replica, { ...replica, epoch: "e0", version: 6 }));
});
