/** The keys of Vim in the editor; loaded when somebody chooses them. */
export { vim } from "@replit/codemirror-vim";
