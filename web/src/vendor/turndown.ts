/** HTML to markdown: turndown. Loaded when it is used. */

export { default as TurndownService } from "turndown";
