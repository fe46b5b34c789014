/** `![words](address =200x100)`: an image with its size, as HackMD writes it; either side may be left out. Pure. */

import type { Parser, Token } from "../vendor/markdown";

const REST = /\(\s*(?:<([^<>\n]*)>|([^\s()<>]+))(?:\s+(?:"([^"\n]*)"|'([^'\n]*)'))?\s+=(\d{1,5}%?)?x(\d{1,5}%?)?\s*\)/y;

export function imageSizes(parser: Parser): void {
  parser.inline.ruler.before("image", "sized_image", (state, silent) => {
    const { src, pos, posMax } = state;
    if (!src.startsWith("![", pos)) return false;
    const end = parser.helpers.parseLinkLabel(state, pos + 1, false);
    if (end < 0) return false;
    REST.lastIndex = end + 1;
    const found = REST.exec(src);
    const next = REST.lastIndex;
    if (found === null || next > posMax || (found[5] ?? found[6]) === undefined) return false;
    const address = parser.normalizeLink(parser.utils.unescapeAll(found[1] ?? found[2] ?? ""));
    if (!parser.validateLink(address)) return false;
    if (!silent) {
      const words = src.slice(pos + 2, end);
      const children: Token[] = [];
      parser.inline.parse(words, parser, state.env, children);
      const token = state.push("image", "img", 0);
      token.content = words;
      token.children = children;
      token.attrs = [["src", address], ["alt", ""]];
      const title = found[3] ?? found[4];
      if (title !== undefined) token.attrPush(["title", parser.utils.unescapeAll(title)]);
      if (found[5] !== undefined) token.attrPush(["width", found[5]]);
      if (found[6] !== undefined) token.attrPush(["height", found[6]]);
    }
    state.pos = next;
    return true;
  });
}
