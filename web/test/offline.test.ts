import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheName, freshShell, isAway, outdated, planFor } from "../src/offline/plan";

const SCOPE = "https://site.example/pad/";
const plan = (path: string, isNavigation = true, method = "GET") =>
  planFor({ method, isNavigation, url: new URL(path, SCOPE).href }, SCOPE);

test("pages and files of this Quire are its own; everything else is left alone", () => {
  assert.equal(plan("./"), "page");
  assert.equal(plan("./d/notes"), "page");
  assert.equal(plan("./d/notes?x=1"), "page");
  assert.equal(plan("./assets/app-ABC.js", false), "asset");
  for (const path of ["./api/documents", "./account", "./l", "./auth/oidc/end", "./api/docs", "./d/a/b", "/d/notes", "/"]) {
    assert.equal(plan(path), "leave", path);
  }
  assert.equal(plan("./d/notes", false), "leave");
  assert.equal(plan("./d/notes", true, "POST"), "leave");
  assert.equal(plan("https://other.example/pad/d/notes"), "leave");
});

test("the page that is kept fits every address, with a nonce of its own", () => {
  const html = [
    '<meta name="csp-nonce" content="OLD">',
    '<meta name="quire-base" content="./">',
    '<link rel="stylesheet" href="./assets/app.css"><script src="./assets/app.js"></script>',
  ].join("");
  const fresh = freshShell({ html, policy: "script-src 'self' 'nonce-OLD'; style-src 'nonce-OLD'" }, "/pad/", "NEW");
  assert.ok(!fresh.html.includes("OLD") && !fresh.policy.includes("OLD"));
  assert.match(fresh.html, /content="NEW"/);
  assert.match(fresh.html, /quire-base" content="\/pad\/"/);
  assert.match(fresh.html, /href="\/pad\/assets\/app.css".*src="\/pad\/assets\/app.js"/);
  assert.equal(fresh.policy, "script-src 'self' 'nonce-NEW'; style-src 'nonce-NEW'");
});

test("open pages keep the files of their build, and older builds go", () => {
  const [one, two, three, four] = ["1", "2", "3", "4"].map((build) => cacheName("/", build)) as [string, string, string, string];
  assert.deepEqual(outdated([one, "other", two, three, four], "/", "4"), [one]);
  assert.deepEqual(outdated([four], "/", "4"), []);
});

test("the builds of another Quire on the same origin stay", () => {
  const of = (path: string): string[] => ["1", "2", "3", "4"].map((build) => cacheName(path, build));
  const names = [...of("/"), ...of("/pad/"), ...of("/pad/two/")];
  for (const path of ["/", "/pad/", "/pad/two/"]) {
    assert.deepEqual(outdated(names, path, "4"), [cacheName(path, "1")]);
  }
});

test("a proxy that says that the server is away counts as no answer", () => {
  assert.ok([502, 503, 504].every(isAway));
  assert.ok(![200, 404, 500, 401].some(isAway));
});
