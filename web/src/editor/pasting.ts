/**
 * What is pasted with its formatting becomes markdown, and cells of a spreadsheet a table. Pasted
 * without it (Mod-Shift-v), into code, or from a program that writes source text, it stays as it is.
 */

import { EditorView, syntaxTree, type EditorState, type Extension } from "../vendor/codemirror";
import { rowsOfCells, tableOfRows } from "./writing/tabular";

const FORMATTING = /<(?:a\s|strong|b[\s>]|em[\s>]|i[\s>]|h[1-6]|ul|ol|table|blockquote|pre|code|img\s|hr|del|s[\s>])/i;
const ADDRESS = /^\s*[a-z][a-z0-9+.-]*:\S+\s*$/i;

/** Longer HTML takes the page too long; its text is pasted. */
const MAX_HTML_CHARS = 2_000_000;

export type Pasted =
  | { readonly kind: "as-it-is" }
  | { readonly kind: "table"; readonly text: string }
  | { readonly kind: "html"; readonly html: string };

/** What a paste means at this place. */
export function pastedAs(state: EditorState, plain: string, html: string, types: readonly string[]): Pasted {
  const asItIs: Pasted = { kind: "as-it-is" };
  const { main } = state.selection;
  if (state.readOnly || isInCode(state, main.from)) return asItIs;
  // An address over a selection makes a link of it, which the language's own extension does.
  if (!main.empty && ADDRESS.test(plain)) return asItIs;
  const rows = rowsOfCells(plain);
  if (rows !== null && (/<table[\s>]/i.test(html) || html === "")) {
    const before = state.doc.lineAt(main.from);
    const isAlone = state.sliceDoc(before.from, main.from).trim() === "";
    return isAlone && rows.length >= 2 ? { kind: "table", text: `${tableOfRows(rows)}\n` } : asItIs;
  }
  const isSource = types.some((type) => /vscode|x-source/i.test(type));
  if (isSource || html.length > MAX_HTML_CHARS || !FORMATTING.test(withoutWrapper(html))) return asItIs;
  return { kind: "html", html: withoutWrapper(html) };
}

/** Google Docs puts everything into a bold element that is not bold. */
const withoutWrapper = (html: string): string => html.replace(/<b\s[^>]*font-weight:\s*normal[^>]*>/gi, "<span>");

const CODE = new Set(["FencedCode", "CodeText", "CodeBlock", "InlineCode", "HTMLBlock", "CommentBlock"]);

function isInCode(state: EditorState, position: number): boolean {
  let node: { readonly name: string; readonly parent: unknown } | null = syntaxTree(state).resolveInner(position, -1);
  while (node !== null) {
    if (CODE.has(node.name)) return true;
    node = node.parent as typeof node;
  }
  return false;
}

function insert(view: EditorView, text: string): void {
  view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
}

async function insertHtml(view: EditorView, html: string, plain: string): Promise<void> {
  let text = plain;
  try {
    const { markdownOfHtml } = await import("../transfer/htmlsource");
    const made = (await markdownOfHtml(html)).text;
    // One paragraph goes into the line where the caret is.
    if (made.trim() !== "") text = made.trimEnd().includes("\n") ? made : made.trimEnd();
  } catch {
    // What cannot be converted, or not now, is pasted as its text.
  }
  if (!view.state.readOnly) insert(view, text);
}

export const pasting: Extension = EditorView.domEventHandlers({
  paste(event, view) {
    const data = event.clipboardData;
    if (data === null) return false;
    const plain = data.getData("text/plain");
    const pasted = pastedAs(view.state, plain, data.getData("text/html"), data.types);
    if (pasted.kind === "as-it-is") return false;
    event.preventDefault();
    if (pasted.kind === "table") insert(view, pasted.text);
    else void insertHtml(view, pasted.html, plain);
    return true;
  },
});
