/**
 * Joins the chunks of a bundle that the same pages need at once.
 *
 * esbuild makes a chunk of what the same entries import, and each part that is loaded on demand is an entry: so a page
 * would begin with some thirty files, most of them smaller than what fetching them costs. Here chunks that the same
 * pages import at once become one file. What no page imports at once stays as it is.
 */

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { build } from "esbuild";

/**
 * @param bundle a result of esbuild that was not written, with `metafile`
 * @param options those of its build, and `pages`: the entry points that are pages
 * @returns the metafile of what was written instead
 */
export async function joinChunks(bundle, { pages, ...options }) {
  const chunks = chunksOf(bundle, options.absWorkingDir);
  const groups = groupsOf(chunks, pages);
  const names = finalNames(chunks, groups);
  const groupOf = new Map(groups.flatMap(({ name, members }) => members.map((member) => [member, name])));
  const joined = await build({
    ...options,
    splitting: false,
    entryPoints: [
      ...groups.map(({ name }) => ({ in: `group:${name}`, out: name })),
      ...[...chunks.keys()].filter((name) => !groupOf.has(name)).map((name) => ({ in: `chunk:${name}`, out: withoutEnding(names.get(name)) })),
    ],
    entryNames: "[name]",
    plugins: [parts({ chunks, groups, groupOf, names })],
  });
  const others = bundle.outputFiles.filter(({ path }) => !path.endsWith(".js"));
  await Promise.all(others.map(({ path, contents }) => writeFile(path, contents)));
  return joinedMetafile(bundle.metafile, joined.metafile, { chunks, names });
}

/** By file name: text, exports, the chunks that are imported at once, and the source file of an entry. */
function chunksOf({ outputFiles, metafile }, root) {
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  const scripts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  const own = new Set(scripts.map(([path]) => basename(path)));
  return new Map(
    scripts.map(([path, { entryPoint, exports, imports }]) => {
      const atOnce = imports.filter(({ kind }) => kind === "import-statement").map((one) => basename(one.path));
      const text = texts.get(resolve(root, path));
      return [basename(path), { text, entryPoint, exports, imports: atOnce.filter((name) => own.has(name)) }];
    }),
  );
}

/** What more than one entry imports, by the pages that import it at once. */
function groupsOf(chunks, pages) {
  const users = new Map();
  for (const page of pages) {
    const start = [...chunks].find(([, { entryPoint }]) => entryPoint === page);
    if (start === undefined) throw new Error(`${page} is no entry of its own`);
    for (const name of reached(chunks, start[0])) {
      if (chunks.get(name).entryPoint === undefined) users.set(name, [...(users.get(name) ?? []), page]);
    }
  }
  const members = new Map();
  for (const [name, by] of users) members.set(by.join(), [...(members.get(by.join()) ?? []), name].sort());
  return [...members].map(([by, list]) => ({ name: `shared-${hash([by, ...list])}`, members: list }));
}

function reached(chunks, start) {
  const found = new Set();
  const add = (name) => {
    if (found.has(name)) return;
    found.add(name);
    chunks.get(name).imports.forEach(add);
  };
  add(start);
  return found;
}

/** The name of a file that stays follows from its own and from the names of all that it may import. */
function finalNames(chunks, groups) {
  const all = groups.map(({ name }) => name).sort();
  return new Map(
    [...chunks.keys()].map((name) => [name, name.replace(/-[0-9A-Z]{8}\.js$/, () => `-${hash([name, ...all])}.js`)]),
  );
}

/** A chunk of a group is read there; from elsewhere, what is imported of it comes from the group's file. */
function parts({ chunks, groups, groupOf, names }) {
  return {
    name: "parts",
    setup(plugin) {
      plugin.onResolve({ filter: /^(group|chunk):/ }, ({ path }) => {
        const [namespace, name] = path.split(":");
        return { namespace, path: name };
      });
      plugin.onResolve({ filter: /^\.\// }, ({ path, kind, importer, namespace }) => {
        const name = basename(path);
        if (!chunks.has(name)) return { path, external: true };
        if (kind === "dynamic-import") return { path: `./${names.get(name)}`, external: true };
        const group = groupOf.get(name);
        if (group === undefined) return { path: `./${names.get(name)}`, external: true };
        const here = namespace === "group" ? importer : groupOf.get(importer);
        return group === here ? { path: name, namespace: "chunk" } : { path: name, namespace: "proxy", sideEffects: true };
      });
      plugin.onResolve({ filter: /^joined:/ }, ({ path }) => ({ path: `./${path.slice("joined:".length)}.js`, external: true }));
      plugin.onLoad({ filter: /.*/, namespace: "chunk" }, ({ path }) => ({ contents: chunks.get(path).text, loader: "js" }));
      plugin.onLoad({ filter: /.*/, namespace: "proxy" }, ({ path }) => {
        const from = JSON.stringify(`joined:${groupOf.get(path)}`);
        return { contents: `import ${from};\nexport {${exportsOf(chunks, path, (name) => [joinedName(path, name), name])}} from ${from};` };
      });
      plugin.onLoad({ filter: /.*/, namespace: "group" }, ({ path }) => ({
        contents: groups
          .find(({ name }) => name === path)
          .members.map((member) => {
            const list = exportsOf(chunks, member, (name) => [name, joinedName(member, name)]);
            return `import "./${member}"; export {${list}} from "./${member}";`;
          })
          .join("\n"),
      }));
    },
  };
}

const exportsOf = (chunks, name, renamed) =>
  chunks
    .get(name)
    .exports.map((one) => renamed(one).join(" as "))
    .join(", ");

/** Two chunks of a group may export different things by one name. */
const joinedName = (chunk, name) => `${chunk.replace(/\W/g, "_")}_${name}`;

/** As if the joined files had been bundled from the sources. */
function joinedMetafile(before, after, { chunks, names }) {
  const entries = new Map([...chunks].map(([name, { entryPoint }]) => [names.get(name), entryPoint]));
  const styles = Object.entries(before.outputs).filter(([path]) => !path.endsWith(".js"));
  const sources = Object.assign({}, ...Object.values(before.outputs).map(({ inputs }) => inputs));
  const scripts = Object.entries(after.outputs).map(([path, output]) => {
    const { entryPoint: _, ...rest } = output;
    const entryPoint = entries.get(basename(path));
    return [path, { ...rest, inputs: sources, ...(entryPoint === undefined ? {} : { entryPoint }) }];
  });
  return { inputs: before.inputs, outputs: Object.fromEntries([...scripts, ...styles]) };
}

const hash = (parts) => createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8).toUpperCase();
const withoutEnding = (name) => name.replace(/\.js$/, "");
