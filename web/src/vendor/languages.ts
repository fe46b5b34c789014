/** What the app takes to colour code; each language is a file of its own, loaded once it is used. */
export { LanguageDescription } from "@codemirror/language";
export { languages } from "@codemirror/language-data";
export { classHighlighter, highlightTree } from "@lezer/highlight";
