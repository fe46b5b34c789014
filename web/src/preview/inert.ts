/**
 * HTML of an author's without what a browser reports the moment it reads it: a Content-Security-Policy
 * counts event handlers and styles even in a document that is never shown, before any sanitiser sees
 * them. This is no defence, which `sanitise.ts` is; it keeps reports to what deserves them. It reads tags
 * as the HTML standard's tokenizer does. Pure.
 */

const NAME = /[a-z][^\s/>]*/iy;
const SPACE = /[\s/]*/y;
const ATTRIBUTE = /([^\s/>=][^\s/>=]*|=[^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?/y;
const COMMENT = /<!--(?:-?>|[^]*?(?:--!?>|$))/y;
/** What stands in these is text up to their end. */
const TEXT_ONLY = new Set(["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"]);
const ACTIVE = /^(?:on|style$|srcdoc$|form|http-equiv)/i;
const MAX_ATTRIBUTES = 50;

/** @param tags in lower case: those of others are left out, their content is kept */
export function inert(html: string, tags: ReadonlySet<string>): string {
  let result = "";
  let at = 0;
  while (at < html.length) {
    const next = html.indexOf("<", at);
    if (next < 0) return result + html.slice(at);
    result += html.slice(at, next);
    const read = readTag(html, next, tags);
    result += read.text;
    at = read.end;
  }
  return result;
}

interface Read {
  readonly text: string;
  readonly end: number;
}

function readTag(html: string, at: number, tags: ReadonlySet<string>): Read {
  const second = html.charAt(at + 1);
  if (html.startsWith("<!--", at)) return { text: " ", end: at + (match(COMMENT, html, at)?.[0].length ?? 4) };
  const isEnd = second === "/";
  const name = match(NAME, html, at + (isEnd ? 2 : 1))?.[0].toLowerCase();
  if (name === undefined) {
    if (second === "!" || second === "?" || isEnd) return { text: "", end: after(html, ">", at) };
    return { text: "&lt;", end: at + 1 };
  }
  const { attributes, end } = readAttributes(html, at + (isEnd ? 2 : 1) + name.length);
  if (end < 0) return { text: "", end: html.length };
  if (!isEnd && TEXT_ONLY.has(name)) return { text: "", end: endOfText(html, end, name) };
  if (!tags.has(name)) return { text: "", end };
  return { text: isEnd ? `</${name}>` : `<${name}${attributes}>`, end };
}

/** `end` is behind the tag; -1 if it does not end. */
function readAttributes(html: string, from: number): { attributes: string; end: number } {
  let attributes = "";
  let at = from;
  for (let count = 0; ; count++) {
    at += match(SPACE, html, at)?.[0].length ?? 0;
    if (at >= html.length) return { attributes, end: -1 };
    if (html.charAt(at) === ">") return { attributes, end: at + 1 };
    const found = match(ATTRIBUTE, html, at);
    if (found === null) {
      at++;
      continue;
    }
    at += found[0].length;
    const [, name = "", double, single, bare] = found;
    if (count >= MAX_ATTRIBUTES || ACTIVE.test(name) || /["'<]/.test(name)) continue;
    attributes += ` ${name}="${(double ?? single ?? bare ?? "").replaceAll('"', "&quot;")}"`;
  }
}

function endOfText(html: string, from: number, name: string): number {
  const rest = html.slice(from).search(new RegExp(`</${name}(?=[\\s/>])`, "i"));
  return rest < 0 ? html.length : after(html, ">", from + rest);
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + 1;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
