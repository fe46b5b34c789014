/** What the app takes from CodeMirror; its own file in the build, see `yjs.ts`. */
export {
  Annotation,
  Compartment,
  EditorSelection,
  EditorState,
  Prec,
  StateEffect,
  StateField,
  Transaction,
} from "@codemirror/state";
export type { ChangeSet, ChangeSpec, Extension, Text, TransactionSpec } from "@codemirror/state";
export {
  EditorView,
  ViewPlugin,
  RectangleMarker,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  layer,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
export type { LayerMarker, ViewUpdate } from "@codemirror/view";
export { defaultKeymap, indentWithTab } from "@codemirror/commands";
export { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { markdown, markdownLanguage } from "@codemirror/lang-markdown";
export { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
export { tags } from "@lezer/highlight";
