import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "node:test";
import { readPlayback } from "../src/api/playback";
import { PlaybackClock } from "../src/history/playbackclock";
import { densityOf } from "../src/history/playbackdensity";
import { MissingVersions, goneIn, readKept } from "../src/history/missing";
import { ApiError } from "../src/api/request";
import { Life, type FirstAuthor, type PlaybackPage, type PlaybackSpan } from "../src/history/playbacklife";
import { PlaybackModel, playbackDeed } from "../src/history/playbackmodel";
import { SittingStarts, neighbour, sittingEnds } from "../src/history/playbackplaces";

declare const VECTORS: string;

const PEOPLE = ["ana", "ben", "cem"];
const LETTERS = ["a", "é", "\n", "漢", "😀", "👩‍👩‍👧", "x y "];

/** Numbers from 0 up to 1, the same ones for each seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** What a naive model knows of one version: each character with its author. */
interface Character {
  readonly character: string;
  readonly person: string;
}

interface Made {
  /** Which version an event brought back. */
  readonly restores: Map<number, number>;
  /** The events that took others back: each inserts text that others wrote before. */
  readonly takeBacks: Set<number>;
  readonly pages: PlaybackPage[];
  readonly versions: Character[][];
}

/** A random history in pages, and every version of it as single characters. */
function makeHistory(seed: number, count: number, perPage: number): Made {
  const random = randomOf(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const pages: PlaybackPage[] = [];
  const versions: Character[][] = [[]];
  const restores = new Map<number, number>();
  const takeBacks = new Set<number>();
  let at = 1_700_000_000_000;
  for (let from = 0; from < count; from += perPage) {
    const to = Math.min(count, from + perPage);
    const writers: number[] = [];
    const times: number[] = [];
    const ops: PlaybackSpan[][] = [];
    let text = "";
    for (let version = from + 1; version <= to; version++) {
      const writer = below(PEOPLE.length);
      const before = versions[version - 1] ?? [];
      const after: Character[] = [];
      const spans: PlaybackSpan[] = [];
      let old = 0;
      if (seed % 3 === 0 && below(40) === 0) {
        const restored = below(version);
        restores.set(version, restored);
        after.push(...(versions[restored] ?? []));
        spans.push([0, before.length, after.length]);
        text += textOf(after);
        old = before.length;
      }
      const isTakeBack = seed % 2 === 1 && !restores.has(version) && below(40) === 0;
      if (isTakeBack) takeBacks.add(version);
      for (let span = isTakeBack ? 2 : 0; span > 0; span--) {
        const retain = below(before.length - old + 1);
        const source = versions[below(version)] ?? [];
        const start = below(source.length + 1);
        const returned = source.slice(start, start + below(12));
        after.push(...before.slice(old, old + retain), ...returned);
        old += retain;
        spans.push([retain, 0, returned.length]);
        text += textOf(returned);
      }
      for (let span = restores.has(version) || isTakeBack ? 0 : below(4); span > 0; span--) {
        const retain = below(before.length - old + 1);
        const deleted = random() < 0.4 ? below(Math.min(6, before.length - old - retain + 1)) : 0;
        const inserted = Array.from({ length: below(4) }, () => LETTERS[below(LETTERS.length)] ?? "").join("");
        const characters = [...inserted];
        after.push(...before.slice(old, old + retain), ...characters.map((character) => ({ character, person: PEOPLE[writer] ?? "" })));
        old += retain + deleted;
        spans.push([retain, deleted, characters.length]);
        text += inserted;
      }
      versions.push([...after, ...before.slice(old)]);
      const pause = below(20) === 0 ? 400_000 : below(3_000);
      times.push(times.length === 0 ? (at += pause) : ((at += pause), pause));
      writers.push(writer);
      ops.push(spans);
    }
    pages.push({
      from,
      to,
      head: count,
      writers: PEOPLE.map((id) => ({ actor: { id, name: id }, color: "#123456", origin: "live" })),
      writer: writers.map((index) => [index, 1] as const),
      at: times,
      ops,
      text,
      merged: [],
    });
  }
  return { pages, versions, restores, takeBacks };
}

const textOf = (version: readonly Character[]): string => version.map(({ character }) => character).join("");

function authorsOf(version: readonly Character[]): [string, number][] {
  const found: [string, number][] = [];
  for (const { character, person } of version) {
    const last = found[found.length - 1];
    if (last?.[0] === person) last[1] += character.length;
    else found.push([person, character.length]);
  }
  return found;
}

function shownAuthors(life: Life, version: number): [string, number][] {
  return life.authorsAt(version).map(({ person, units }) => [life.people[person]?.actor.id ?? "", units]);
}

test("every text of random histories, and who wrote what of it, is that of single characters", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { pages, versions, restores, takeBacks } = makeHistory(seed, 1_300, 500);
    const firstAuthors = (version: number): FirstAuthor[] | null =>
      takeBacks.has(version) ? (versions[version] ?? []).map(({ person }) => ({ length: 1, actor: person })) : null;
    // So little is kept that texts are forgotten, and steps become long.
    const life = new Life((version) => restores.get(version) ?? null, seed % 2 !== 0 ? undefined : seed % 3 === 0 ? 5 : 900, firstAuthors);
    for (const page of pages) assert.ok(life.append(page));
    if (seed % 2 === 0) assert.ok(life.keptEvery > 512, "it was thinned");
    const random = randomOf(seed + 1_000);
    for (let look = 0; look < 150; look++) {
      const version = look < 20 ? 1_300 - look : Math.floor(random() * 1_301);
      assert.equal(life.textAt(version), textOf(versions[version] ?? []), `seed ${seed}, version ${version}`);
      assert.deepEqual(shownAuthors(life, version), authorsOf(versions[version] ?? []), `seed ${seed}, version ${version}`);
    }
  }
});

/** A page of one change each: who, and what is there afterwards in place of what was. */
function historyOf(steps: readonly (readonly [person: string, text: string, origin?: string])[]): PlaybackPage {
  const writers = steps.map(([id, , origin = "live"]) => ({ actor: { id, name: id }, color: "#123456", origin }));
  const texts = ["", ...steps.map(([, text]) => text)];
  return {
    from: 0,
    to: steps.length,
    head: steps.length,
    writers,
    writer: steps.map((_, index) => [index, 1] as const),
    at: steps.map((_, index) => (index === 0 ? 1_000 : 1)),
    ops: steps.map((_, index) => {
      const [before, now] = [texts[index] ?? "", texts[index + 1] ?? ""];
      return [[0, [...before].length, [...now].length] as const];
    }),
    text: texts.join(""),
    merged: [],
  };
}

test("text that a restore brings back keeps its first author, and its neighbours theirs", async () => {
  const page = historyOf([["ana", "one 😀"], ["ben", "two"], ["cem", "one 😀", "restore"], ["dan", ""], ["eve", "two", "restore"], ["fay", "else", "restore"]]);
  const asked: number[] = [];
  const model = new PlaybackModel(
    {
      page: () => Promise.resolve(page),
      restored: (version) => {
        asked.push(version);
        // The last one says that it brought another text back than it has.
        return Promise.resolve({ 3: 1, 5: 2, 6: 1 }[version] ?? null);
      },
      authors: () => Promise.resolve([]),
    },
    String,
  );
  await model.load();
  const { life } = model;
  assert.deepEqual(asked, [3, 5, 6]);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(shownAuthors(life, 3), [["ana", 6]]);
    assert.deepEqual(shownAuthors(life, 5), [["ben", 3]]);
    assert.deepEqual(shownAuthors(life, 6), [["fay", 4]]);
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((version) => life.textAt(version)), ["", "one 😀", "two", "one 😀", "", "two", "else"]);
  }
});

test("the place of an event is where the texts around it differ", () => {
  const { pages, versions } = makeHistory(77, 400, 150);
  const life = new Life();
  for (const page of pages) life.append(page);
  for (let version = 1; version <= 400; version++) {
    const [before, after] = [textOf(versions[version - 1] ?? []), textOf(versions[version] ?? [])];
    const place = life.placeOf(version);
    if (place === null) {
      assert.equal(before, after);
      continue;
    }
    assert.equal(after.slice(0, place.from), before.slice(0, place.from));
    const rest = after.length - place.to;
    assert.equal(after.slice(place.to), before.slice(before.length - rest));
  }
});

test("a page that does not follow is left alone", () => {
  const { pages, versions } = makeHistory(5, 60, 20);
  const [first, second, third] = pages as [PlaybackPage, PlaybackPage, PlaybackPage];
  const life = new Life();
  assert.ok(life.append(first));
  assert.ok(!life.append(third), "there would be a hole");
  assert.ok(!life.append(first), "it is here");
  assert.ok(life.append(second));
  assert.ok(life.append(third));
  assert.equal(life.textAt(60), textOf(versions[60] ?? []));
});

interface Trace {
  readonly startContent: string;
  readonly endContent: string;
  readonly txns: readonly { readonly time: string; readonly patches: readonly [number, number, string][] }[];
}

/** A recorded session; each change of it is an event. */
function traceLife(): { life: Life; texts: Map<number, string> } {
  const path = join(dirname(VECTORS), "traces", "seph-blog1-first-20000.json.gz");
  const trace = JSON.parse(gunzipSync(readFileSync(path)).toString()) as Trace;
  const changes = trace.txns.flatMap(({ time, patches }) => patches.map((patch) => ({ time, patch })));
  const life = new Life();
  const texts = new Map<number, string>();
  let content = [...trace.startContent];
  changes.forEach(({ time, patch: [position, deleted, inserted] }, index) => {
    content = [...content.slice(0, position), ...inserted, ...content.slice(position + deleted)];
    life.append({
      from: index,
      to: index + 1,
      head: changes.length,
      writers: [{ actor: { id: "seph", name: "Seph" }, color: "#123456", origin: "live" }],
      writer: [[0, 1]],
      at: [Date.parse(time)],
      ops: [[[position, deleted, [...inserted].length]]],
      text: inserted,
      merged: [],
    });
    if (index % 997 === 0) texts.set(index + 1, content.join(""));
  });
  return { life, texts };
}

test("a recorded session of 20,000 events can be read at every place", () => {
  const { life, texts } = traceLife();
  for (const [version, text] of [...texts].reverse()) assert.equal(life.textAt(version), text);
});

test("answers of the server are read, one change or several, and none throws", () => {
  const page = readPlayback({
    from: 3,
    to: 6,
    head: 9,
    writers: [{ actor: { id: "u1", name: "Ana" }, color: "#112233", origin: "live" }],
    writer: [[0, 3]],
    at: [1_000, 5, 0],
    ops: [[4, 0, 1], [[0, 1, 0], [2, 0, 2]], []],
    text: "abc",
  });
  assert.deepEqual(page.ops, [[[4, 0, 1]], [[0, 1, 0], [2, 0, 2]], []]);
  assert.deepEqual(page.writer, [[0, 3]]);
  for (const odd of [null, [], { ops: [["x"], null, [[-1]]], writer: [3], at: ["x"], writers: [null], text: 3 }]) {
    assert.doesNotThrow(() => new Life().append(readPlayback(odd)));
  }
});

test("what answers say of merged events is read", () => {
  assert.deepEqual(readPlayback({ merged: [[1, 4], [5, 9]] }).merged, [[1, 4], [5, 9]]);
});

/** The versions 1 to 12, of which 1 to 4 and 5 to 9 are one event each. */
async function thinned(): Promise<PlaybackModel> {
  const steps = Array.from({ length: 12 }, (_, index) => ["ana", `text ${index}`] as const);
  const page: PlaybackPage = { ...historyOf(steps), merged: [[1, 4], [5, 9]] };
  const model = new PlaybackModel({ page: () => Promise.resolve(page), restored: () => Promise.resolve(null), authors: () => Promise.resolve([]) }, String);
  await model.load();
  return model;
}

test("the playback of a thinned history shows kept versions alone", async () => {
  const model = await thinned();
  const walk = (step: "back" | "forward"): number[] => {
    const seen = [model.version.value];
    for (let steps = 0; steps < 12; steps++) {
      model.step(step);
      if (model.version.value !== seen[seen.length - 1]) seen.push(model.version.value);
    }
    return seen;
  };
  assert.deepEqual(walk("back"), [12, 11, 10, 9, 4, 0]);
  assert.deepEqual(walk("forward"), [0, 4, 9, 10, 11, 12]);
  const sought = Array.from({ length: 13 }, (_, version) => (model.seek(version), model.version.value));
  assert.deepEqual(sought, [0, 0, 4, 4, 4, 4, 4, 9, 9, 9, 10, 11, 12]);
  model.step("start");
  const shown = new Set<number>();
  for (model.toggle(); model.isPlaying.value; ) {
    model.tick(0.1);
    shown.add(model.version.value);
  }
  for (const version of shown) assert.ok([0, 4, 9, 10, 11, 12].includes(version), `version ${version} is not kept`);
});

test("random gaps: the nearest kept versions are those that a list of all says", () => {
  const random = randomOf(5);
  for (let round = 0; round < 200; round++) {
    const missing = new MissingVersions();
    const gone = new Set<number>();
    const firstOf = new Map<number, number>();
    let at = 1;
    for (let ranges = Math.floor(random() * 6); ranges > 0; ranges--) {
      const last = at + Math.floor(random() * 7);
      missing.add([[at, last]]);
      for (let version = at; version < last; version++) gone.add(version);
      firstOf.set(last, at);
      at = last + 1;
    }
    for (let version = 0; version < at + 3; version++) {
      let [before, after] = [version, version];
      while (gone.has(before)) before--;
      while (gone.has(after)) after++;
      assert.deepEqual([missing.before(version), missing.after(version)], [before, after]);
      if (before === version) assert.equal(missing.first(version), firstOf.get(version) ?? version);
    }
  }
});

test("pauses are cut short, and long ones between sittings too", () => {
  const clock = new PlaybackClock(300_000);
  for (const at of [0, 200, 60_200, 60_300, 9_000_000]) clock.add(at);
  assert.deepEqual([1, 2, 3, 4, 5].map((version) => clock.at(version)), [0, 200, 1_700, 1_800, 4_800]);
  assert.equal(clock.versionAt(199), 1);
  assert.equal(clock.versionAt(200), 2);
  assert.equal(clock.versionAt(1_000_000), 5);
});

test("a sitting begins after a pause, and a restore is one of its own", () => {
  const starts = new SittingStarts();
  const minutes = [0, 1, 10, 11, 12, 13];
  minutes.forEach((minute, index) => starts.add(index + 1, minute * 60_000, index === 4 ? "restore" : "live"));
  assert.deepEqual(starts.versions, [1, 3, 5, 6]);
  assert.deepEqual(sittingEnds(starts.versions, 6), [2, 4, 5, 6]);
  assert.equal(neighbour([2, 4, 5, 6], 4, 1), 5);
  assert.equal(neighbour([2, 4, 5, 6], 4, -1), 2);
  assert.equal(neighbour([2, 4, 5, 6], 6, 1), 6);
  assert.equal(neighbour([], 6, -1), 6);
});

function modelOf({ pages }: Made): PlaybackModel {
  const source = {
    page: (after: number) => Promise.resolve(pages.find(({ from }) => from === after) ?? empty(after)),
    restored: () => Promise.resolve(null),
    authors: () => Promise.resolve([]),
  };
  return new PlaybackModel(source, String);
}

const empty = (after: number): PlaybackPage => ({ from: after, to: after, head: after, writers: [], writer: [], at: [], ops: [], text: "", merged: [] });

test("what a take-back brings back is that of whoever wrote it first, where that is known", async () => {
  const page = historyOf([["ana", "one"], ["ben", "two"], ["cem", "one two", "take-back"], ["dan", "one two", "take-back"]]);
  const asked: number[] = [];
  const authors = (version: number): Promise<FirstAuthor[]> => {
    asked.push(version);
    if (version === 4) return Promise.reject(new Error("gone"));
    return Promise.resolve([{ length: 3, actor: "ana" }, { length: 1, actor: "nobody" }, { length: 3, actor: "ben" }]);
  };
  const model = new PlaybackModel({ page: () => Promise.resolve(page), restored: () => Promise.resolve(null), authors }, String);
  await model.load();
  assert.deepEqual(asked, [3, 4]);
  assert.deepEqual(shownAuthors(model.life, 3), [["ana", 3], ["cem", 1], ["ben", 3]]);
  assert.deepEqual(shownAuthors(model.life, 4), [["dan", 7]]);
});

test("playback shows what is there while the rest is loading, and then what was asked for", async () => {
  const made = makeHistory(9, 900, 300);
  const answers: ((page: PlaybackPage) => void)[] = [];
  const model = new PlaybackModel(
    { page: () => new Promise((resolve) => answers.push(resolve)), restored: () => Promise.resolve(null), authors: () => Promise.resolve([]) },
    String,
  );
  const loading = model.load();
  model.seek(700);
  for (const [index, page] of made.pages.entries()) {
    answers[index]?.(page);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    assert.equal(model.version.value, Math.min(700, 300 * (index + 1)));
  }
  await loading;
  assert.ok(model.isComplete.value);
});

test("it runs at its speed, is stopped by a step, and begins anew at the end", async () => {
  const model = modelOf(makeHistory(3, 500, 500));
  await model.load();
  assert.equal(model.version.value, 500, "it opens at the end");
  model.toggle();
  assert.equal(model.version.value, 0);
  model.setSpeed(100);
  let ticks = 0;
  let before = 0;
  for (; model.isPlaying.value && ticks < 100_000; ticks++) {
    model.tick(16);
    assert.ok(model.version.value >= before, "never back");
    before = model.version.value;
  }
  assert.equal(model.version.value, 500);
  model.seek(100);
  model.toggle();
  model.step("forward");
  assert.ok(!model.isPlaying.value);
  assert.equal(model.version.value, 101);
  model.step("start");
  model.step("back");
  assert.equal(model.version.value, 0);
  model.named.value = [40, 90];
  model.step("name-forward");
  model.step("name-forward");
  model.step("name-forward");
  assert.equal(model.version.value, 90);
  model.step("sitting-forward");
  const next = [...model.sittings.slice(1).map((start) => start - 1), 500].find((end) => end > 90);
  assert.equal(model.version.value, next);
});

test("keys that are pressed before anything is there lead nowhere", async () => {
  const model = modelOf(makeHistory(6, 30, 30));
  model.step("back");
  model.step("start");
  model.toggle();
  await model.load();
  assert.equal(model.version.value, 30);
  assert.ok(!model.isPlaying.value);
});

test("a page that fails is asked for again", async () => {
  const made = makeHistory(4, 40, 20);
  let fails = true;
  const model = new PlaybackModel(
    {
      restored: () => Promise.resolve(null),
      authors: () => Promise.resolve([]),
      page: (after) =>
        after === 20 && fails ? Promise.reject(new Error("away")) : Promise.resolve(made.pages.find(({ from }) => from === after) ?? empty(after)),
    },
    (error) => (error as Error).message,
  );
  await model.load();
  assert.equal(model.trouble.value, "away");
  assert.equal(model.loaded.value, 20);
  fails = false;
  await model.load();
  assert.equal(model.trouble.value, "");
  assert.equal(model.loaded.value, 40);
});

test("the bars have the persons of their events", async () => {
  const model = modelOf(makeHistory(8, 1_000, 1_000));
  await model.load();
  const bars = densityOf(model.life, 1_200, 60);
  assert.equal(bars.length, 60);
  assert.equal(Math.max(...bars.map(({ height }) => height)), 1);
  for (const { parts, height } of bars.slice(0, 49)) {
    assert.ok(height > 0);
    assert.ok(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  }
  assert.deepEqual(bars[59]?.parts, [], "not loaded yet");
});

test("keys: steps, sittings, names, ends and the space bar", () => {
  const press = (key: string, more: object = {}) => playbackDeed({ key, shiftKey: false, isModified: false, rtl: false, ...more });
  assert.equal(press(" "), "toggle");
  assert.equal(press("ArrowLeft"), "back");
  assert.equal(press("ArrowRight"), "forward");
  assert.equal(press("ArrowLeft", { rtl: true }), "forward");
  assert.equal(press("ArrowRight", { rtl: true }), "back");
  assert.equal(press("PageUp"), "sitting-forward");
  assert.equal(press("PageDown", { shiftKey: true }), "name-back");
  assert.equal(press("Home"), "start");
  assert.equal(press("End"), "end");
  assert.equal(press("End", { isModified: true }), null);
  assert.equal(press("x"), null);
});

test("a version that is gone is told with the nearest ones that are kept", () => {
  const problem = { code: "history_thinned", version: 7, kept_before: 4, kept_after: 9 };
  assert.deepEqual(goneIn(new ApiError(410, "gone", "history_thinned", null, problem)), { version: 7, before: 4, after: 9 });
  assert.equal(goneIn(new ApiError(410, "gone", "gone", null, problem)), null);
  assert.equal(goneIn(new Error("history_thinned")), null);
});

test("what is kept of a history is read, whatever the answer is", () => {
  const answer = { kind: "thin", days: 30, whole_after: 640, gone: 612 };
  assert.deepEqual(readKept(answer), { kind: "thin", days: 30, wholeAfter: 640, gone: 612 });
  assert.deepEqual(readKept({ kind: "odd", days: "x" }), { kind: "keep", days: null, wholeAfter: 0, gone: 0 });
});
