/** HTML to markdown: turndown, with the tables, tasks and strikethrough of GFM. Loaded when used. */

export { default as TurndownService } from "turndown";
export { gfm } from "@truto/turndown-plugin-gfm";
