import assert from "node:assert/strict";
import { test } from "node:test";
import { HistoryModel } from "../src/history/model";
import { NamedVersions, type NamedVersion, type NamesPage, type NamesSource } from "../src/history/namedversion";
import { versionIn, versionLink } from "../src/history/versionlink";

const named = (version: number, name: string, isAutomatic = false): NamedVersion => ({
  version,
  name,
  note: "",
  isAutomatic,
  by: { id: "ana", name: "Ana" },
  at: version * 1_000,
});

/** A server that answers two names a page. */
class Server implements NamesSource {
  constructor(private versions: NamedVersion[]) {}

  list(kind: "named" | "automatic", before: string | null): Promise<NamesPage> {
    const all = this.versions
      .filter(({ isAutomatic }) => isAutomatic === (kind === "automatic"))
      .sort((one, other) => other.version - one.version);
    const from = before === null ? 0 : Number(before);
    return Promise.resolve({ versions: all.slice(from, from + 2), next: from + 2 < all.length ? String(from + 2) : null });
  }

  name(version: number, name: string): Promise<void> {
    if (this.versions.some((each) => each.name === name)) return Promise.reject(new Error("taken"));
    this.versions.push(named(version, name));
    return Promise.resolve();
  }

  change(before: string, name: string): Promise<void> {
    this.versions = this.versions.map((each) => (each.name === before ? { ...each, name, isAutomatic: false } : each));
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.versions = this.versions.filter((each) => each.name !== name);
    return Promise.resolve();
  }
}

const shown = (names: NamedVersions): string[] | undefined => names.all.value?.map(({ name }) => name);

test("all pages of both kinds are one list, newest version first", async () => {
  const names = new NamedVersions(
    new Server([named(3, "c"), named(9, "i"), named(5, "e"), named(4, "auto 4", true), named(9, "auto 9", true), named(12, "auto 12", true)]),
    String,
  );
  assert.equal(names.all.value, null);
  await names.refresh();
  assert.deepEqual(shown(names), ["auto 12", "i", "e", "auto 4", "c"], "an automatic name beside a given one is left out");
  names.isWithAutomatic.value = false;
  assert.deepEqual(shown(names), ["i", "e", "c"]);
  assert.deepEqual(names.within(4, 9).map(({ name }) => name), ["i", "e"]);
});

test("a name that is given, changed or removed is seen at once, and a refused one changes nothing", async () => {
  const names = new NamedVersions(new Server([named(4, "auto", true)]), String);
  await names.name(7, "Draft", "");
  assert.deepEqual(shown(names), ["Draft", "auto"]);
  await assert.rejects(names.name(8, "Draft", ""), /taken/);
  assert.deepEqual(shown(names), ["Draft", "auto"]);
  await names.change("auto", "Kept", "");
  assert.deepEqual(names.given.map(({ name }) => name), ["Draft", "Kept"]);
  await names.remove("Draft");
  assert.deepEqual(shown(names), ["Kept"]);
});

test("links name a version, and nothing else is taken for one", () => {
  assert.equal(versionLink("https://example.org/q/d/notes?version=3#x", 812), "https://example.org/q/d/notes?version=812");
  assert.equal(versionIn("?version=812"), 812);
  for (const odd of ["", "?version=", "?version=0", "?version=-1", "?version=1e3", "?version=9999999999999999999"]) {
    assert.equal(versionIn(odd), null, odd);
  }
});

test("of three versions that are chosen the last two are compared, older first", () => {
  const model = new HistoryModel({ sittings: () => Promise.reject(new Error()), events: () => Promise.resolve([]), kept: () => Promise.reject(new Error()) }, String);
  model.compare(true);
  assert.equal(model.pick(9), null);
  assert.deepEqual(model.pick(3), [3, 9]);
  assert.deepEqual(model.pick(5), [3, 5]);
  assert.equal(model.pick(5), null, "chosen again it is no choice");
  assert.deepEqual(model.picked.value, [3]);
  model.compare(false);
  assert.equal(model.picked.value, null);
});
