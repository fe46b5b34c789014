/** `:::info` … `:::`: boxes, and `:::spoiler Title`, which is folded. Pure. */

import { container, type Parser } from "../vendor/markdown";

const INFO = /^[ \t]*(info|success|warning|danger|spoiler)(?:[ \t]+(.*))?$/;
const OPEN = /\{\s*state\s*=\s*"?open"?\s*\}/;

export function containers(parser: Parser): void {
  parser.use(container, "box", {
    validate: (info) => INFO.test(info.trim()),
    render: (tokens, index) => {
      const token = tokens[index];
      if (token === undefined) return "";
      const [, kind = "info", rest = ""] = INFO.exec((token.nesting === 1 ? token : opening(tokens, index)).info.trim()) ?? [];
      if (kind === "spoiler") return token.nesting === 1 ? spoiler(parser, rest) : "</details>\n";
      if (token.nesting !== 1) return "</div>\n";
      const title = rest.trim() === "" ? "" : `<p class="box-title" dir="auto">${parser.renderInline(rest.trim())}</p>\n`;
      return `<div class="box box-${kind}" dir="auto">\n${title}`;
    },
  });
}

function spoiler(parser: Parser, rest: string): string {
  const title = rest.replace(OPEN, "").trim();
  const summary = title === "" ? "" : `<summary dir="auto">${parser.renderInline(title)}</summary>\n`;
  return `<details class="box box-spoiler"${OPEN.test(rest) ? " open" : ""}>\n${summary}`;
}

/** The token that opens what the one at `index` closes. */
function opening<T extends { level: number; nesting: number; type: string }>(tokens: T[], index: number): T {
  const close = tokens[index];
  for (let at = index - 1; at >= 0; at--) {
    const token = tokens[at];
    if (token !== undefined && token.nesting === 1 && token.level === close?.level && token.type.startsWith("container_")) return token;
  }
  throw new Error("a container was closed that was not opened");
}
