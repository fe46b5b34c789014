/**
 * Builds dist/: the same bytes for the same sources, every time.
 *
 * The vendor modules of src/vendor/ are bundled on their own first, and the app refers to them by
 * their hashed names. So a change of the app leaves them in the caches of its users.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { joinChunks } from "./chunks.mjs";
import { patches } from "./patches.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src");
const dist = join(root, "dist");
const assets = join(dist, "assets");

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  outdir: assets,
};

async function main() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  const vendor = await buildVendor();
  const math = await buildMathStyle();
  const past = await buildPastStyle();
  const frame = await buildFrame();
  const worker = await buildWorker(vendor.names);
  const app = await buildApp(vendor.names, { worker: worker.script, mathStyle: math.style, pastStyle: past.style });
  const early = importedFiles(["src/main.ts", "src/open.ts", "src/page/document.tsx"], [app, vendor]);
  const boot = await buildBoot(early.filter((name) => name !== app.script));
  const icon = await copyHashed("icon.svg");
  await writeIndex({ ...app, boot, icon });
  await writeDiagramPage(frame.script);
  const files = [...neededFiles([app, worker], [vendor]), boot, icon];
  const offline = await buildServiceWorker({ files, script: app.script });
  const bundles = [vendor, math, past, frame, worker, app, offline];
  const packages = await bundledPackages(bundles.map(({ metafile }) => metafile));
  await writeFile(join(dist, "THIRD-PARTY-NOTICES.txt"), await notices(packages));
}

/** Bundle src/vendor/*.ts; `names` maps each source file to its file name in assets/. */
async function buildVendor() {
  const files = (await readdir(join(source, "vendor"))).filter((name) => name.endsWith(".ts"));
  const result = await build({
    ...shared,
    entryPoints: files.sort().map((name) => join("src", "vendor", name)),
    entryNames: "vendor-[name]-[hash]",
    // What several of them hold is a file of its own, and so is each language that code is coloured in.
    chunkNames: "part-[hash]",
    splitting: true,
    plugins: [plainMarkdown, ...patches],
  });
  const names = new Map();
  for (const [output, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    if (entryPoint !== undefined) names.set(resolve(root, entryPoint), basename(output));
  }
  return { names, metafile: result.metafile };
}

/**
 * CodeMirror's markdown without the HTML in it: that grammar comes with those of CSS and JavaScript, which
 * a page would load at once, though only `markdown()` uses them. Nothing calls that: the editor takes
 * `markdownLanguage`, and so does markdown among the languages of code.
 */
const plainMarkdown = {
  name: "plain-markdown",
  setup(plugin) {
    const modules = {
      "@codemirror/lang-markdown": `import { LanguageSupport } from "@codemirror/language";
        import { markdownLanguage } from "@codemirror/lang-markdown";
        export const markdown = () => new LanguageSupport(markdownLanguage);`,
      "@codemirror/lang-html": "export const html = undefined, htmlCompletionSource = undefined;",
      "@codemirror/autocomplete": "export const CompletionContext = undefined;",
    };
    const replace = (filter, user) =>
      plugin.onResolve({ filter }, ({ path, importer }) =>
        importer.includes(join("@codemirror", user, "")) ? { path, namespace: "plain", sideEffects: false } : undefined,
      );
    replace(/^@codemirror\/lang-markdown$/, "language-data");
    replace(/^@codemirror\/(lang-html|autocomplete)$/, "lang-markdown");
    plugin.onLoad({ filter: /.*/, namespace: "plain" }, ({ path }) => ({ contents: modules[path], resolveDir: root }));
  },
};

/** References to vendor modules, which are left outside. */
function externalVendor(vendorNames) {
  return {
    name: "vendor",
    setup(plugin) {
      plugin.onResolve({ filter: /^preact\/jsx-runtime$/ }, () => {
        const name = vendorNames.get(join(source, "vendor", "preact.ts"));
        return { path: `./${name}`, external: true };
      });
      plugin.onResolve({ filter: /\/vendor\/[a-z]+$/ }, ({ path, resolveDir }) => {
        const name = vendorNames.get(`${resolve(resolveDir, path)}.ts`);
        return name === undefined ? undefined : { path: `./${name}`, external: true };
      });
    },
  };
}

/** Bundle the worker that renders large documents. */
async function buildWorker(vendorNames) {
  const result = await build({
    ...shared,
    entryPoints: [{ in: join("src", "preview", "worker.ts"), out: "worker" }],
    entryNames: "[name]-[hash]",
    plugins: [externalVendor(vendorNames)],
  });
  return { metafile: result.metafile, script: entryOf(result, "src/preview/worker.ts") };
}

/** Bundle the frame that draws diagrams; each kind of diagram is loaded once it is used. */
async function buildFrame() {
  const result = await build({
    ...shared,
    entryPoints: [{ in: join("src", "diagram", "frame.ts"), out: "diagram" }],
    entryNames: "[name]-[hash]",
    chunkNames: "diagram-[hash]",
    splitting: true,
  });
  return { metafile: result.metafile, script: entryOf(result, "src/diagram/frame.ts") };
}

/** The style of formulas, with its fonts in the one format that all browsers read. */
async function buildMathStyle() {
  const woff2Only = {
    name: "woff2-only",
    setup(plugin) {
      plugin.onLoad({ filter: /katex\.css$/ }, async ({ path }) => {
        const css = await readFile(path, "utf8");
        return { contents: css.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\([^)]*\)/g, ""), loader: "css" };
      });
    },
  };
  const result = await build({
    ...shared,
    entryPoints: [{ in: join("node_modules", "katex", "dist", "katex.css"), out: "formulas" }],
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    plugins: [woff2Only],
  });
  return { metafile: result.metafile, style: entryOf(result, "node_modules/katex/dist/katex.css") };
}

/** The style of the history, which is loaded with it. */
async function buildPastStyle() {
  const entry = "src/styles/past.css";
  const result = await build({ ...shared, entryPoints: [{ in: entry, out: "past" }], entryNames: "[name]-[hash]" });
  return { metafile: result.metafile, style: entryOf(result, entry) };
}

const entryOf = ({ metafile }, entry) =>
  basename(Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entry)[0]);

/** Pages that are opened by an address of their own. */
const PAGES = ["src/page/document.tsx", "src/start/startpage.tsx", "src/account/pages.ts", "src/addresses/addresspage.tsx"];

/** Bundle the app, with the vendor modules left outside. */
async function buildApp(vendorNames, files) {
  const bundle = await build({
    ...shared,
    write: false,
    entryPoints: [join("src", "main.ts")],
    entryNames: "app-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    plugins: [externalVendor(vendorNames)],
    define: { __FILES__: JSON.stringify(files) },
  });
  const metafile = await joinChunks(bundle, { ...shared, pages: PAGES });
  const outputs = Object.entries(metafile.outputs);
  const [script] = outputs.find(([, output]) => output.entryPoint === "src/main.ts");
  const [style, ...more] = outputs.map(([path]) => path).filter((path) => path.endsWith(".css"));
  // A style that a part imports would be a file that nothing loads.
  if (more.length > 0) throw new Error(`styles beside styles/index.css: ${[style, ...more].join(", ")}`);
  return { metafile, script: basename(script), style: basename(style) };
}

/**
 * The files without which a page does not work: those of `bundles`, and what they import of `others`
 * at once. What is imported on demand is kept once it was used.
 */
function neededFiles(bundles, others) {
  const outputs = outputsOf([...bundles, ...others]);
  const all = bundles.flatMap(({ metafile }) => Object.keys(metafile.outputs));
  return withImports(all.map((path) => basename(path)), outputs);
}

/** The files of some source modules, and what they import at once: the largest first, so that none is waited for at the end. */
function importedFiles(modules, bundles) {
  const outputs = outputsOf(bundles);
  const isMeant = ([, { entryPoint }]) => modules.includes(entryPoint);
  const files = [...outputs].filter(isMeant).map(([name]) => name);
  if (files.length !== modules.length) throw new Error(`not each of ${modules} is a file of its own`);
  const size = (name) => outputs.get(name).bytes;
  return withImports(files, outputs).sort((one, other) => size(other) - size(one));
}

function outputsOf(bundles) {
  const outputs = new Map();
  for (const { metafile } of bundles) {
    for (const [path, output] of Object.entries(metafile.outputs)) outputs.set(basename(path), output);
  }
  return outputs;
}

/** The names of files and of all that they import at once, sorted. */
function withImports(files, outputs) {
  const needed = new Set();
  const add = (name) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const { path, kind } of outputs.get(name).imports) {
      if (kind === "import-statement") add(basename(path));
    }
  };
  files.forEach(add);
  return [...needed].sort();
}

/** The service worker, under a name that stays: it has the names of all that it keeps. */
async function buildServiceWorker({ files, script }) {
  const name = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 16);
  const result = await build({
    ...shared,
    outdir: dist,
    format: "iife",
    entryPoints: [{ in: join("src", "offline", "serviceworker.ts"), out: "service-worker" }],
    define: { QUIRE_BUILD: JSON.stringify({ name, files, script }) },
  });
  return { metafile: result.metafile };
}

/** The script that says what is wrong where the page cannot run: for engines of any age. */
async function buildBoot(documentFiles) {
  const result = await build({
    ...shared,
    format: "iife",
    target: "es5",
    entryPoints: [join("src", "boot", "boot.ts")],
    entryNames: "boot-[hash]",
    define: { DOCUMENT_FILES: JSON.stringify(documentFiles.join(" ")) },
  });
  return basename(Object.keys(result.metafile.outputs)[0]);
}

async function copyHashed(name) {
  const bytes = await readFile(join(source, name));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const hashed = name.replace(/(\.\w+)$/, `-${hash}$1`);
  await writeFile(join(assets, hashed), bytes);
  return hashed;
}

async function writeIndex({ script, style, boot, icon }) {
  const template = await readFile(join(root, "index.html"), "utf8");
  const page = template
    .replace("__SCRIPT__", script)
    .replace("__STYLE__", style)
    .replace("__ICON__", icon)
    .replace("__BOOT__", boot)
    .replace("__FALLBACK_SCRIPT_NEEDED__", await fallback("scriptNeeded"))
    .replace("__FALLBACK_OLD_BROWSER__", await fallback("oldBrowser"))
    .replace("__FALLBACK_AWAY__", await fallback("away", "tryAgain"));
  await writeFile(join(dist, "index.html"), page);
}

async function writeDiagramPage(script) {
  const template = await readFile(join(root, "diagram.html"), "utf8");
  await writeFile(join(dist, "diagram.html"), template.replace("__FRAME__", script));
}

/** What index.html says by itself, in every language of the catalogue: `title`, `titleLead`, a link. */
async function fallback(title, link) {
  const parts = [];
  for (const language of ["en", "de"]) {
    const words = await wordsOf(language);
    const action = link === undefined ? "" : `<p><a class="button button-primary" href="">${words[link]}</a></p>`;
    const said = `<h1>${words[title]}</h1><p>${words[`${title}Lead`]}</p>`;
    parts.push(`<div class="column column-narrow" lang="${language}">${said}${action}</div>`);
  }
  return parts.join("");
}

async function wordsOf(language) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    write: false,
    entryPoints: [join("src", "language", language, "addresses.ts")],
  });
  const { addresses } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return addresses;
}

/** The folders of all packages that ended up in the bundles, sorted. */
async function bundledPackages(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.split(sep).join("/"));
        if (found !== null && bytesInOutput > 0) folders.add(found[1]);
      }
    }
  }
  return [...folders].sort();
}

async function notices(folders) {
  const parts = ["The Quire editor contains these packages, under their own licences.\n"];
  for (const folder of folders) {
    const path = join(root, folder);
    const { name, version, license } = JSON.parse(await readFile(join(path, "package.json"), "utf8"));
    const files = (await readdir(path)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const texts = await Promise.all(files.sort().map((file) => readFile(join(path, file), "utf8")));
    if (files.length === 0) texts.push(await licenceInReadme(path));
    parts.push(`${"=".repeat(80)}\n${name} ${version} (${license})\n\n${texts.map(tidy).join("\n\n")}\n`);
  }
  return parts.join("\n");
}

/** Some packages state their licence in nothing but their README. */
async function licenceInReadme(path) {
  const file = (await readdir(path)).find((name) => /^readme/i.test(name));
  const text = file === undefined ? "" : await readFile(join(path, file), "utf8");
  const start = text.search(/^#+\s*licen[cs]e/im);
  if (start < 0) throw new Error(`${relative(root, path)} states no licence`);
  return text.slice(start);
}

const tidy = (text) => text.replace(/\r\n/g, "\n").replace(/[ \t]+$/gm, "").trim();

await main();
