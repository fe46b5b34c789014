import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { ArchiveError, partsOf, requireBounded } from "../src/transfer/archive";
import { fileKind, fileName, titleOfFile } from "../src/transfer/filekind";
import { EXPORT_POLICY, escapeHtml, pageOf } from "../src/transfer/markupfile";
import { decodeText } from "../src/transfer/plaintext";
import { markdownTable } from "../src/transfer/tabletext";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const utf16 = (text: string, isBig: boolean): Uint8Array => {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return new Uint8Array(isBig ? bytes.swap16() : bytes);
};

test("a text is read as UTF-8, or as what its mark says", () => {
  const text = "Grüße 😀 مرحبا\nzwei\n";
  for (const bytes of [utf8(text), utf8(`\ufeff${text}`), utf16(text, false), utf16(text, true)]) {
    assert.deepEqual(decodeText(bytes), { text, invalid: 0 });
  }
});

test("line ends become line feeds, and NUL is left out", () => {
  assert.deepEqual(decodeText(utf8("a\r\nb\rc\0d")), { text: "a\nb\ncd", invalid: 0 });
});

test("what is not valid is counted, and a replacement that was there is not", () => {
  assert.deepEqual(decodeText(new Uint8Array([0x61, 0xff, 0x62, 0xc3])), { text: "a\ufffdb\ufffd", invalid: 2 });
  assert.deepEqual(decodeText(utf8("\ufffd")), { text: "\ufffd", invalid: 0 });
  assert.equal(decodeText(new Uint8Array([0xff, 0xfe, 0x00, 0xd8])).invalid, 1, "half a pair in UTF-16");
});

test("a file is what its name says, or else its type", () => {
  assert.equal(fileKind("Notes.MD", ""), "markdown");
  assert.equal(fileKind("page.html", "text/plain"), "html");
  assert.equal(fileKind("letter.docx", "application/octet-stream"), "word");
  assert.equal(fileKind("README", "text/plain; charset=utf-8"), "markdown");
  assert.equal(fileKind("picture.png", "text/plain"), null);
  assert.equal(fileKind("constructor", "toString"), null);
});

test("names of files and titles lead from one to the other, without what systems refuse", () => {
  assert.equal(titleOfFile("dir\\My notes.final.md"), "My notes.final");
  assert.equal(fileName('a/b:c*"d"', "md"), "a b c d.md");
  assert.equal(fileName("../../etc", "md"), "etc.md");
  assert.equal(fileName("con", "html"), "document.html");
  assert.equal(fileName("\u202egnp.exe", "md"), "gnp.exe.md");
  assert.equal(fileName("  ", "docx"), "document.docx");
  assert.equal(fileName("😀".repeat(200), "md"), `${"😀".repeat(80)}.md`);
});

interface Entry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly method?: number;
  /** What the directory claims it unpacks to. */
  readonly claimed?: number;
}

/** A zip archive (without checksums, which are not what is looked at). */
function zip(entries: readonly Entry[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, claimed = content.byteLength } of entries) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(claimed, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(claimed, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, listed, end]));
}

test("the parts of an archive are found, whether packed or stored", async () => {
  const parts = partsOf(zip([{ name: "a.xml", content: utf8("x".repeat(900)) }, { name: "b", content: utf8("stored"), method: 0 }]));
  assert.deepEqual(parts.map(({ name, method }) => [name, method]), [["a.xml", 8], ["b", 0]]);
  await requireBounded(parts, 906);
  await assert.rejects(requireBounded(parts, 905), ArchiveError);
});

test("an archive that unpacks to more than it says is refused without being held in memory", async () => {
  const bomb = zip([{ name: "word/document.xml", content: new Uint8Array(64 * 1024 * 1024), claimed: 10 }]);
  assert.ok(bomb.byteLength < 100_000);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(requireBounded(partsOf(bomb), 1024 * 1024), /too large/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024);
});

test("a damaged archive is refused, wherever it is cut or changed", async () => {
  const whole = zip([{ name: "a", content: utf8("hello hello hello") }]);
  for (let length = 0; length < whole.length; length++) {
    const cut = whole.slice(0, length);
    await assert.rejects(async () => requireBounded(partsOf(cut), 100), ArchiveError);
  }
  let seed = 11;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 400; round++) {
    const changed = whole.slice();
    changed[random(changed.length)] = random(256);
    // Either it is refused, or what it unpacks to is bounded: never anything else.
    await Promise.resolve()
      .then(() => requireBounded(partsOf(changed), 100))
      .catch((error: unknown) => assert.ok(error instanceof ArchiveError, String(error)));
  }
});

test("an exported page says that nothing may run, and its title is text", () => {
  const page = pageOf("<p>x</p>", "</title><script>alert(1)</script>", "en");
  assert.ok(page.includes(EXPORT_POLICY));
  assert.ok(EXPORT_POLICY.startsWith("default-src 'none'") && !EXPORT_POLICY.includes("script-src"));
  assert.ok(!page.includes("<script"));
  assert.equal(escapeHtml(`<a href="x">&'`), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
});

test("a table has a rule by its columns' sides, one line a row, and no cell that ends it", () => {
  const rows = [["a", "b", "c"], ["1 | 2", "two\nlines"], ["x\\|y", "", "z"]];
  assert.equal(
    markdownTable(rows, ["none", "center", "right"]),
    "| a | b | c |\n| --- | :---: | ---: |\n| 1 \\| 2 | two lines |  |\n| x\\|y |  | z |",
  );
  assert.equal(markdownTable([[], []], []), "");
});
