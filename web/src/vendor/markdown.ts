/** What the app takes to read markdown; its own file in the build, see `yjs.ts`. */
export { default as MarkdownIt } from "markdown-it";
export type { Env, MarkdownIt as Parser, Renderer, StateBlock, StateCore, StateInline, Token } from "markdown-it";
export { default as abbreviations } from "markdown-it-abbr";
export { default as container } from "markdown-it-container";
export { default as definitionLists } from "markdown-it-deflist";
export { default as footnotes } from "markdown-it-footnote";
export { default as inserted } from "markdown-it-ins";
export { default as marked } from "markdown-it-mark";
export { default as subscript } from "markdown-it-sub";
export { default as superscript } from "markdown-it-sup";
