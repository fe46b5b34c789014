import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedClasses, linkKind, mayLoadImage } from "../src/preview/allowed";

const PAGE = "http://127.0.0.1:8000/pad/d/notes";
const FILE = `${"0a".repeat(32)}.png`;
const may = (src: string): boolean => mayLoadImage(src, PAGE, "/pad/");

test("images come over TLS, from the document itself, or from where the server keeps them", () => {
  for (const src of ["https://a.example/x.png", "data:image/png;base64,AAAA", `/pad/api/documents/notes/files/${FILE}`, `../api/documents/other/files/${FILE}`]) {
    assert.ok(may(src), src);
  }
});

test("no image is asked for over http, as SVG data, or of what could act", () => {
  const refused = [
    "", "x.png", "http://a.example/x.png", "data:image/svg+xml;base64,AAAA", "data:text/html,x", "javascript:1", "/pad/auth/oidc/end",
    "/pad/api/session", `/api/documents/notes/files/${FILE}`, `/pad/api/documents/notes/files/../../../session#${FILE}`, "http://[", "//a.example/x.png",
  ];
  for (const src of refused) assert.ok(!may(src), src);
});

test("links are told apart by where they lead", () => {
  assert.equal(linkKind("#a", "https://q.example"), "inside");
  assert.equal(linkKind("/d/x#a", "https://q.example"), "own");
  assert.equal(linkKind("//other.example/", "https://q.example"), "foreign");
  assert.equal(linkKind("mailto:a@b.example", "https://q.example"), "foreign");
});

test("only classes with a meaning in documents are kept", () => {
  assert.equal(allowedClasses("banner box language-js overlay align-left"), "box language-js align-left");
});
