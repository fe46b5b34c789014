import assert from "node:assert/strict";
import { test } from "node:test";
import { nextPage, providerSignIn, routeOf, signInPage } from "../src/route";

test("paths name the document they open", () => {
  const documentOf = (path: string, base: string): string | null => {
    const route = routeOf(path, base);
    return route.page === "document" ? route.name : null;
  };
  assert.equal(documentOf("/", "/"), null);
  assert.equal(documentOf("/d/notes", "/"), "notes");
  assert.equal(documentOf("/d/a%3Ab/", "/"), "a:b");
  assert.equal(documentOf("/d/%", "/"), "%");
  assert.equal(documentOf("/d/a/b", "/"), null);
  assert.equal(documentOf("/pad/", "/pad/"), null);
  assert.equal(documentOf("/pad/d/notes", "/pad/"), "notes");
  assert.equal(documentOf("/d/notes", "/pad/"), null);
});

test("the other pages have paths of their own, below any base", () => {
  assert.equal(routeOf("/l", "/").page, "link");
  assert.equal(routeOf("/join/", "/").page, "join");
  assert.equal(routeOf("/pad/sign-in", "/pad/").page, "sign-in");
  assert.equal(routeOf("/account", "/").page, "account");
  assert.equal(routeOf("/people", "/").page, "people");
  assert.equal(routeOf("/toString", "/").page, "start");
});

test("signing in leads back to where it began", () => {
  const page = signInPage("/pad/", "/pad/d/a:b");
  assert.equal(page, "/pad/sign-in?next=%2Fd%2Fa%3Ab");
  assert.equal(nextPage(new URL(page, "http://h").search, "/pad/"), "/pad/d/a:b");
  assert.equal(nextPage("?next=/account", "/"), "/account");
  assert.equal(signInPage("/", "/"), "/sign-in");
  assert.equal(providerSignIn("/pad/", "/pad/d/x"), "/pad/auth/oidc/start?next=%2Fd%2Fx");
});

test("signing in never leads to another site, nor back to itself", () => {
  for (const next of [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "/d/x?y=//evil.example",
    "javascript:alert(1)",
    "/sign-in",
    "/join",
    "",
  ]) {
    assert.equal(nextPage(`?${new URLSearchParams({ next })}`, "/"), "/", next);
  }
  assert.equal(nextPage("?next=/d/x", "/pad/"), "/pad/d/x");
});
