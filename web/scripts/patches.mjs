/** Lines of libraries that are other ones in the bundles: what no setting of theirs changes. Building fails if a line is gone. */

import { readFile } from "node:fs/promises";
import { relative } from "node:path";

/** A plugin of esbuild that puts `after` in place of the one `before` of the files that `filter` matches. */
const patch = ({ name, filter, before, after }) => ({
  name,
  setup(plugin) {
    plugin.onLoad({ filter }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const parts = text.split(before);
      if (parts.length !== 2) throw new Error(`${relative(".", path)} has another form: no ${name} there`);
      return { contents: parts.join(after), loader: "js" };
    });
  },
});

/**
 * CodeMirror reads ahead in slices of 100 ms: a long task for the browser, and for whoever scrolls meanwhile.
 */
const shortParsing = patch({
  name: "short-parsing",
  filter: /@codemirror[\\/]language[\\/]dist[\\/]index\.js$/,
  before: "100 /* Work.Slice */",
  after: "30 /* Work.Slice */",
});

/**
 * What stands before an edit is taken over from the tree before, in groups of blocks that hold at most a quarter of
 * what there is. The parser compares a group with what it has taken already, which is nothing at first: so it takes
 * the blocks one by one, thousands of them for a key in the midst of a large text. Here a group is compared with all
 * that can be taken. Trees stay balanced, because a group that is too large is divided when they are built.
 */
const quickReuse = patch({
  name: "quick-reuse",
  filter: /@lezer[\\/]markdown[\\/]dist[\\/]index\.js$/,
  before: "let maxAnonSize = (cx.lineStart - cx.block.from) >> 2;",
  after: "let maxAnonSize = (Math.max(cx.lineStart, Math.min(fragEnd, cx.to)) - cx.block.from) >> 2;",
});

/**
 * Groups of blocks without a name are of equal size. Counted by the library, a group that holds a block beside another
 * group is as small as one block: so each new paragraph wraps the groups before it once more, hundreds of levels deep.
 */
const evenGroups = patch({
  name: "even-groups",
  filter: /@lezer[\\/]common[\\/]dist[\\/]index\.js$/,
  before: `if (child.type != balanceType || !(child instanceof Tree)) {
                size = 1;`,
  after: `if (child.type != balanceType || !(child instanceof Tree)) {
                if (balanceType === NodeType.none) { size++; continue; }
                size = 1;`,
});

/**
 * What is seen of a text is coloured without going through all blocks before it: the tree knows where to look.
 */
const quickColours = patch({
  name: "quick-colours",
  filter: /@lezer[\\/]highlight[\\/]dist[\\/]index\.js$/,
  before: `else if (cursor.firstChild()) {
            if (mounted)`,
  after: `else if (cursor.childAfter(from)) {
            if (mounted)`,
});

export const patches = [shortParsing, quickReuse, evenGroups, quickColours];
