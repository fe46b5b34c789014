import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PREFERENCES, readPreferences } from "../src/editor/preferences";

test("what was stored is read field by field, and nothing else is believed", () => {
  assert.deepEqual(readPreferences(null), DEFAULT_PREFERENCES);
  for (const broken of ["{", "null", "7", '{"keys":"nano","tabSize":3,"wrap":"yes"}']) {
    assert.deepEqual(readPreferences(broken), DEFAULT_PREFERENCES);
  }
  const chosen = { keys: "emacs", spellcheck: false, wrap: false, tabSize: 8 };
  assert.deepEqual(readPreferences(JSON.stringify(chosen)), chosen);
});
