import assert from "node:assert/strict";
import { test } from "node:test";
import { currentHeading, indentsOf } from "../src/page/headings";
import { IDLE_AFTER_MS, IdleWatch } from "../src/page/idle";
import { titleTyped } from "../src/page/title";
import { ToastList } from "../src/ui/toastlist";
import { BannerList } from "../src/page/bannerlist";
import { circlesOf, presentUsers, withMet } from "../src/page/members";
import { DocumentModel, type SessionFacts } from "../src/page/model";
import { PanelList, type Panel } from "../src/page/panel";
import { StatusList } from "../src/page/statuslist";
import { STEADY_MS, SteadySave } from "../src/page/steadysave";
import { titleToShow } from "../src/page/titling";
import { firstView } from "../src/page/views";
import type { Member, User } from "../src/protocol";
import type { SaveState } from "../src/savestate";
import { effect, signal } from "../src/vendor/preact";

const ANA: User = { id: "u-ana", name: "Ana", color: "#1670c9" };
const BEN: User = { id: "u-ben", name: "Ben", color: "#ba4e0f" };

const member = (session: string, user: User): Member => ({ session, user });

const FACTS: SessionFacts = {
  save: { kind: "saved", words: "Saved · version 3" },
  version: 3,
  role: "editor",
  isStopped: false,
  isWritable: true,
  user: ANA,
  members: [member("1", ANA), member("2", BEN)],
};

const newModel = (): DocumentModel => new DocumentModel("notes", { view: "both", isMac: false });

test("banners keep their order, and one is replaced in its place", () => {
  const list = new BannerList();
  list.set("connection", { tone: "neutral", words: "offline", actions: [] });
  list.set("kept", { tone: "warning", words: "kept", actions: [] });
  list.set("connection", { tone: "error", words: "refused", actions: [] });
  assert.deepEqual(
    list.shown.value.map(({ name, words }) => [name, words]),
    [
      ["connection", "refused"],
      ["kept", "kept"],
    ],
  );
  list.set("connection", null);
  list.set("connection", null);
  assert.deepEqual(list.shown.value.map(({ name }) => name), ["kept"]);
});

test("a banner that is a function follows what it reads, as the words of a language", () => {
  const list = new BannerList();
  const said = signal("Dismiss");
  list.set("import", () => ({ tone: "warning", words: said.value, actions: [] }));
  assert.deepEqual(list.shown.value.map((banner) => banner.words), ["Dismiss"]);
  said.value = "Ausblenden";
  assert.deepEqual(list.shown.value.map((banner) => banner.words), ["Ausblenden"]);
});

test("saved is shown once it has been so for a moment, and never before", () => {
  const steady = new SteadySave();
  const saved = (version: number): SaveState => ({ kind: "saved", words: `Saved · version ${version}` });
  const saving: SaveState = { kind: "saving", words: "Saving…" };
  const offline: SaveState = { kind: "offline", words: "Offline" };
  assert.equal(steady.show(saved(1), 0).shown.words, "Saved · version 1");
  for (let key = 1; key <= 5; key++) {
    assert.deepEqual(steady.show(saving, key * 100), { shown: saving, againInMs: null });
    assert.deepEqual(steady.show(saved(1 + key), key * 100 + 20), { shown: saving, againInMs: STEADY_MS });
  }
  assert.deepEqual(steady.show(saved(7), 620), { shown: saving, againInMs: STEADY_MS - 100 });
  assert.deepEqual(steady.show(saved(7), 520 + STEADY_MS), { shown: saved(7), againInMs: null });
  assert.equal(steady.show(saved(8), 1_000).shown.words, "Saved · version 8");
  steady.show(saving, 1_100);
  assert.equal(steady.show(offline, 1_101).shown, offline);
  assert.equal(steady.show(saved(9), 1_102).shown.words, "Saved · version 9");
});

test("a banner that is taken away twice renders nothing anew", () => {
  const list = new BannerList();
  let renderings = 0;
  effect(() => {
    list.shown.value;
    renderings++;
  });
  list.set("connection", null);
  assert.equal(renderings, 1);
});

test("one panel is open at a time, and each is told", () => {
  const told: string[] = [];
  const panel = (id: string): Panel => ({
    id,
    title: () => id,
    render: () => null,
    opened: () => told.push(`${id} opened`),
    closed: () => told.push(`${id} closed`),
  });
  const panels = new PanelList();
  const removeHistory = panels.add(panel("history"));
  panels.add(panel("outline"));
  panels.toggle("history");
  panels.show("history");
  panels.show("outline");
  assert.deepEqual(told, ["history opened", "history closed", "outline opened"]);
  panels.toggle("outline");
  assert.equal(panels.open.value, null);
  panels.show("history");
  removeHistory();
  assert.equal(panels.open.value, null, "what is taken away is closed");
  panels.show("history");
  assert.equal(panels.open.value, null);
  assert.throws(() => panels.add(panel("outline")), /two panels called outline/);
});

test("a status item is taken away by what added it", () => {
  const status = new StatusList();
  const item = { id: "words", side: "end", render: () => "5 words" } as const;
  const remove = status.add(item);
  assert.throws(() => status.add(item), /two status items/);
  remove();
  assert.deepEqual(status.items.value, []);
});

test("a person in two windows is one person, and oneself is not among the others", () => {
  const members = [member("1", ANA), member("2", BEN), member("3", BEN)];
  assert.deepEqual(presentUsers(members, ANA), [BEN]);
  assert.deepEqual(presentUsers(members, null), [ANA, BEN]);
});

test("who has left was met, under the last name", () => {
  const renamed = { ...BEN, name: "Benedikt" };
  const met = withMet(withMet([], FACTS.members), [member("2", renamed)]);
  assert.deepEqual(met, [ANA, renamed]);
});

test("there are five circles, or four and how many more: never one more", () => {
  const counts = [0, 1, 4, 5, 6, 30].map((count) => {
    const { shown, rest } = circlesOf(Array.from({ length: count }, (_, index) => index));
    return [shown.length, rest.length];
  });
  assert.deepEqual(counts, [[0, 0], [1, 0], [4, 0], [5, 0], [4, 2], [4, 26]]);
});

test("what is the same renders nothing anew", () => {
  const model = newModel();
  model.take(FACTS);
  let renderings = 0;
  effect(() => {
    model.save.value;
    model.members.value;
    model.self.value;
    model.role.value;
    renderings++;
  });
  model.take({ ...FACTS, save: { ...FACTS.save }, members: [...FACTS.members], user: { ...ANA } });
  assert.equal(renderings, 1);
  model.take({ ...FACTS, save: { kind: "saving", words: "Saving…" } });
  assert.equal(renderings, 2);
});

test("a document is shared by whoever has a role in it, while the page is connected", () => {
  const model = newModel();
  assert.equal(model.isShareable.value, false);
  model.take(FACTS);
  assert.equal(model.isShareable.value, true);
  assert.deepEqual(model.others.value, [BEN]);
  model.take({ ...FACTS, isStopped: true });
  assert.equal(model.isShareable.value, false);
});

test("a title that somebody set comes before the text's, and the name is the last resort", () => {
  const set = { title: "Set", titleDerived: false };
  const derived = { title: "Of the server", titleDerived: true };
  assert.deepEqual(titleToShow(set, "Heading", "n"), { words: "Set", isDerived: false });
  assert.deepEqual(titleToShow(derived, "Heading", "n"), { words: "Heading", isDerived: true });
  assert.deepEqual(titleToShow(derived, null, "n"), { words: "Of the server", isDerived: true });
  assert.deepEqual(titleToShow(derived, "", "n"), { words: "n", isDerived: true });
  assert.deepEqual(titleToShow(null, null, "n"), { words: "n", isDerived: true });
  assert.deepEqual(titleToShow({ title: "", titleDerived: false }, "Heading", "n").words, "Heading");
});

test("both panes are there where there is room, unless one was chosen", () => {
  assert.equal(firstView(null, true), "both");
  assert.equal(firstView(null, false), "edit");
  assert.equal(firstView("both", false), "edit");
  assert.equal(firstView("view", false), "view");
  assert.equal(firstView("nonsense", true), "both");
});

test("an emptied title is the text's own again, and what is the same changes nothing", () => {
  const set = { words: "Set", isDerived: false };
  const derived = { words: "Heading", isDerived: true };
  assert.equal(titleTyped("  New \n title ", set), "New title");
  assert.equal(titleTyped("", set), "");
  assert.equal(titleTyped(" ", derived), null);
  assert.equal(titleTyped("Set", set), null);
  assert.equal(titleTyped("Heading", derived), null);
});

const headings = (...levels: number[]) => levels.map((level, index) => ({ level, line: 10 * index }));

test("headings are moved in by those above them, without holes", () => {
  assert.deepEqual(indentsOf(headings(1, 2, 3, 2, 1)), [0, 1, 2, 1, 0]);
  assert.deepEqual(indentsOf(headings(3, 3, 1, 4, 2, 6)), [0, 0, 0, 1, 1, 2]);
  assert.deepEqual(indentsOf([]), []);
});

test("the current heading is the last one above the caret", () => {
  const three = headings(1, 2, 2);
  assert.deepEqual([0, 9, 10, 25].map((line) => currentHeading(three, line)), [0, 0, 1, 2]);
  assert.equal(currentHeading([{ level: 1, line: 3 }], 2), -1);
});

test("who is seen at the same place for a minute is idle", () => {
  const watch = new IdleWatch();
  watch.note(new Map([["ana", "5"], ["ben", "7"]]), 0);
  watch.note(new Map([["ana", "6"], ["ben", "7"]]), 30_000);
  assert.deepEqual(watch.idle(IDLE_AFTER_MS - 1), []);
  assert.deepEqual(watch.idle(IDLE_AFTER_MS), ["ben"]);
  watch.note(new Map([["ana", "6"]]), 70_000);
  watch.note(new Map([["ana", "6"], ["ben", "7"]]), 80_000);
  assert.deepEqual(watch.idle(90_000), ["ana"], "who comes back is not idle at once");
});

test("on a narrow page one pane is shown, but the choice is kept", () => {
  const model = newModel();
  model.isNarrow.value = true;
  assert.deepEqual([model.view.value, model.layout.value], ["both", "edit"]);
  model.isNarrow.value = false;
  assert.equal(model.layout.value, "both");
});

test("toasts go by themselves, and the same words are said once", () => {
  const toasts = new ToastList();
  toasts.say("Copied", 0);
  toasts.say("Saved", 1_000);
  toasts.say("Copied", 2_000);
  assert.deepEqual(toasts.shown.value.map(({ words }) => words), ["Saved", "Copied"]);
  assert.equal(toasts.expire(4_000), 5_000);
  assert.equal(toasts.expire(5_000), 6_000);
  assert.deepEqual(toasts.shown.value.map(({ words }) => words), ["Copied"]);
  assert.equal(toasts.expire(6_000), null);
  assert.deepEqual(toasts.shown.value, []);
});

test("a toast with something to do stays longer, and there are three at most", () => {
  const toasts = new ToastList();
  for (const words of ["one", "two", "three"]) toasts.say(words, 0);
  toasts.say("undo?", 0, { label: "Undo", run: () => undefined });
  assert.equal(toasts.shown.value.length, 3);
  toasts.expire(9_000);
  assert.deepEqual(toasts.shown.value.map(({ words }) => words), ["undo?"]);
  toasts.dismiss(toasts.shown.value[0]?.id ?? 0);
  assert.deepEqual(toasts.shown.value, []);
});
