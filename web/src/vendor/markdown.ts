/** What the app takes for the preview; its own file in the build, see `yjs.ts`. */
export { default as DOMPurify } from "dompurify";
export { default as MarkdownIt } from "markdown-it";
