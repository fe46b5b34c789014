/**
 * A long text becomes one whole document, whatever requests and answers are lost, or none is left.
 *
 * Planted bugs that these tests were seen to catch: a part cut inside a surrogate pair; a fresh id for
 * each try; a creation that is not recognised when it is sent again; somebody else's document of that
 * name taken for ours; the final title from the start; a failed document left; half of a part forgotten.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DocumentInfo } from "../src/api/documents";
import { createLong, type CreationSteps } from "../src/api/longcreation";
import { ApiError } from "../src/api/request";

type Fate = "well" | "request-lost" | "answer-lost" | "busy";

/** What the API does, with a bound in bytes of JSON; requests meet the fates in order. */
class Api implements CreationSteps {
  readonly documents = new Map<string, { title: string; text: string; readonly ids: Set<string> }>();
  readonly titles: string[] = [];

  constructor(
    private readonly maxBytes: number,
    private readonly fates: Fate[],
    private readonly maxUnits = Infinity,
  ) {}

  create({ name, title, text }: { name: string; title: string; text: string }): Promise<DocumentInfo> {
    return this.answer(text, () => {
      if (this.documents.has(name)) throw new ApiError(409, "taken", "name_taken");
      this.documents.set(name, { title, text, ids: new Set() });
      return this.info(name);
    });
  }

  get(name: string): Promise<DocumentInfo> {
    return this.answer("", () => this.info(name));
  }

  prepend(name: string, id: string, text: string): Promise<unknown> {
    return this.answer(text, () => {
      const found = this.documents.get(name);
      assert.ok(found !== undefined);
      this.titles.push(found.title);
      if (found.ids.has(id)) return null;
      if (found.text.length + text.length > this.maxUnits) throw new ApiError(413, "full", "document_full");
      found.ids.add(id);
      found.text = text + found.text;
      return null;
    });
  }

  rename(name: string, title: string): Promise<DocumentInfo> {
    return this.answer("", () => {
      const found = this.documents.get(name);
      assert.ok(found !== undefined);
      found.title = title;
      return this.info(name);
    });
  }

  remove(name: string): Promise<unknown> {
    return this.answer("", () => this.documents.delete(name));
  }

  async pause(): Promise<void> {}

  private info(name: string): DocumentInfo {
    const title = this.documents.get(name)?.title ?? "";
    return { name, title, titleDerived: false, version: 1, textRoot: "content", updatedAt: 0, role: "owner", readOnly: false };
  }

  private async answer<T>(text: string, act: () => T): Promise<T> {
    const fate = this.fates.shift() ?? "well";
    if (fate === "request-lost") throw new ApiError(0, "unreachable");
    if (fate === "busy") throw new ApiError(503, "busy");
    if (Buffer.byteLength(JSON.stringify(text)) > this.maxBytes) throw new ApiError(413, "large", "too_large");
    assert.ok(!/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(text), "a part is cut inside a code point");
    const answer = act();
    if (fate === "answer-lost") throw new ApiError(0, "unreachable");
    return answer;
  }
}

const texts = fc.string({ unit: fc.constantFrom("a", "ß", "日", "👩", "\n", "\0"), maxLength: 3_000, size: "max" });
/** Two of six requests at most fail, so that trying again helps. */
const fates = fc
  .array(fc.constantFrom<Fate>("well", "request-lost", "answer-lost", "busy"), { maxLength: 60, size: "max" })
  .map((all) => all.map((fate, place): Fate => (place % 6 >= 2 ? "well" : fate)));
const creation = (text: string) => ({ name: "copy-abc", title: "Copy", unfinishedTitle: "Copy (not whole)", text });

test("the document is whole and the only one, through lost requests and answers", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fates, fc.integer({ min: 1_600, max: 9_000 }), async (text, met, maxBytes) => {
      const api = new Api(maxBytes, [...met]);
      const made = await createLong(api, creation(text));
      assert.deepEqual([...api.documents.keys()], [made.name]);
      const { title, text: stored } = api.documents.get(made.name)!;
      assert.deepEqual([title, stored], ["Copy", text]);
      for (const meanwhile of api.titles) assert.equal(meanwhile, "Copy (not whole)");
    }),
    { numRuns: 300 },
  );
});

test("nothing is left of what does not become whole", async () => {
  const api = new Api(4_000, [], 5_000);
  await assert.rejects(createLong(api, creation("x".repeat(9_000))), { code: "document_full" });
  assert.equal(api.documents.size, 0);
});

test("a short text is one request, and line ends are line feeds", async () => {
  const api = new Api(4_000, []);
  await createLong(api, creation("one\r\ntwo\rthree"));
  assert.equal(api.documents.get("copy-abc")!.text, "one\ntwo\nthree");
  assert.deepEqual(api.titles, []);
});

test("a name that somebody else has is no document of ours", async () => {
  const api = new Api(4_000, []);
  await api.create({ name: "copy-abc", title: "Theirs", text: "theirs" });
  await assert.rejects(createLong(api, creation("mine")), { code: "name_taken" });
  assert.equal(api.documents.get("copy-abc")!.text, "theirs");
});
