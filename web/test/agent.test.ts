import assert from "node:assert/strict";
import { test } from "node:test";
import { browserName } from "../src/account/agent";

test("a browser is named with its system", () => {
  const names: Readonly<Record<string, string>> = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0": "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/130.0.0.0 Safari/537.36": "Chrome on Mac",
    "curl/8.9": "Unknown browser",
    "": "Unknown browser",
  };
  for (const [agent, name] of Object.entries(names)) assert.equal(browserName(agent), name, agent);
});
