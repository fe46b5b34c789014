/**
 * Runs test/*.test.ts on Node's own test runner: bundled first, because Node 20 reads no TypeScript.
 * With arguments, only those whose names hold one of them: `npm test -- markup`.
 */

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { patches } from "./patches.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const tests = (await readdir(join(root, "test")))
  .filter((name) => name.endsWith(".test.ts") && (process.argv.length < 3 || process.argv.slice(2).some((part) => name.includes(part))));
const outdir = await mkdtemp(join(root, "node_modules", ".quire-web-test-"));
try {
  await build({
    absWorkingDir: root,
    entryPoints: tests.sort().map((name) => join("test", name)),
    bundle: true,
    format: "esm",
    platform: "node",
    // It finds its binary beside its own file.
    external: ["esbuild"],
    target: "node20",
    plugins: patches,
    outdir,
    outExtension: { ".js": ".mjs" },
    sourcemap: "inline",
    logLevel: "warning",
    define: {
      SOURCES: JSON.stringify(join(root, "src")),
      VECTORS: JSON.stringify(resolve(root, "..", "tests", "vectors")),
      PACKAGES: JSON.stringify(resolve(root, "node_modules")),
    },
  });
  const files = tests.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    stdio: "inherit",
  });
  process.exitCode = run.status ?? 1;
} finally {
  await rm(outdir, { recursive: true, force: true });
}
