/** What the browser remembers between visits, on a storage like the browser's. */

import { strict as assert } from "node:assert";
import { beforeEach, test } from "node:test";
import {
  forgetEverything,
  forgetKeptText,
  keepText,
  keptText,
  rememberUser,
  rememberedUser,
} from "../src/memory";

class MemoryStorage {
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? String(Reflect.get(this, key)) : null;
  }
  setItem(key: string, value: string): void {
    Reflect.set(this, key, value);
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }
}

beforeEach(() => {
  Reflect.set(globalThis, "localStorage", new MemoryStorage());
  Reflect.set(globalThis, "document", { querySelector: () => null });
  Reflect.set(globalThis, "location", { href: "http://127.0.0.1/" });
});

test("a kept text is for its user alone", () => {
  keepText("ana", "notes", "what Ana wrote");
  keepText("ben/notes", "x", "another's");
  assert.equal(keptText("ana", "notes"), "what Ana wrote");
  assert.equal(keptText("ben", "notes"), null);
  assert.equal(keptText("ben", "notes/x"), null);
  keepText("ben", "notes", "what Ben wrote");
  forgetKeptText("ben", "notes");
  assert.equal(keptText("ana", "notes"), "what Ana wrote");
});

test("who signs out leaves neither name nor text", () => {
  rememberUser("ana");
  keepText("ana", "notes", "what Ana wrote");
  forgetEverything();
  assert.equal(rememberedUser(), null);
  assert.equal(keptText("ana", "notes"), null);
});
