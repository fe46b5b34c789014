/**
 * The title that a text gives itself: its first heading, by the rules of `sync/text/title.py`.
 * `tests/vectors/titles.json` holds both to them. Pure.
 */

import { frontMatter } from "../markup/frontmatter";
import { withoutMark } from "../newlines";
import { MarkdownIt } from "../vendor/markdown";

const MAX_HEAD_CHARS = 4_096;
/** So many UTF-16 units from the start of a text give its title. */
export const TITLE_UNITS = 2 * MAX_HEAD_CHARS + 64;
const MAX_HEADING_CHARS = 500;
const MAX_TITLE_CHARS = 200;

const LEFT_OUT =
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
const SPACES =
  /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const VISIBLE = /[^\p{C}\p{Mn}\p{Me}\p{Z}]/u;

const parser = new MarkdownIt({ html: false, linkify: false, typographer: false });
// Only the headings' own markup is read, one after the other, up to the first that has a text.
parser.core.ruler.enableOnly(["normalize", "block"]);

type Part = ReturnType<typeof parser.parse>[number];

/**
 * The first heading's text without markup; empty if there is none. Null: the text begins with
 * front matter, and only the server reads that.
 */
export function derivedTitle(text: string): string | null {
  const head = titleHead(text);
  if (frontMatter(head) !== "") return null;
  const env = {};
  const tokens = parser.parse(head, env);
  for (const [index, token] of tokens.entries()) {
    const inline = tokens[index + 1];
    if (token.type !== "heading_open" || inline === undefined) continue;
    const parts: Part[] = [];
    parser.inline.parse(firstChars(inline.content, MAX_HEADING_CHARS), parser, env, parts);
    const title = cleanTitle(plain(parts));
    if (title !== "") return title;
  }
  return "";
}

function titleHead(text: string): string {
  const rest = withoutMark(text);
  const head = firstChars(rest, MAX_HEAD_CHARS);
  const lines = head.replace(/\r\n?/g, "\n");
  if (head.length === rest.length) return lines;
  return lines.slice(0, lines.lastIndexOf("\n") + 1) || lines;
}

function cleanTitle(text: string): string {
  const title = text.replace(SPACES, " ").replace(LEFT_OUT, "").replace(/ +/g, " ").trim();
  if (!VISIBLE.test(title)) return "";
  return [...title].length <= MAX_TITLE_CHARS
    ? title
    : `${firstChars(title, MAX_TITLE_CHARS - 1)}…`;
}

function plain(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.type === "image") return plain(part.children ?? []);
      return part.type === "softbreak" || part.type === "hardbreak" ? " " : part.content;
    })
    .join("");
}

/** The first `count` code points. */
function firstChars(text: string, count: number): string {
  return text.length <= count ? text : [...text.slice(0, 2 * count)].slice(0, count).join("");
}
