/** What the app takes to make HTML safe; its own file in the build, see `yjs.ts`. */
export { default as DOMPurify } from "dompurify";
