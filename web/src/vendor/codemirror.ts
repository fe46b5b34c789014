/**
 * What the app takes from CodeMirror; its own file in the build, see `yjs.ts`.
 *
 * Its `markdown()` is not among it: that brings the grammars of HTML, CSS and JavaScript along.
 */
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
export { Facet, RangeSetBuilder, Text, countColumn, findClusterBreak } from "@codemirror/state";
export type {
  ChangeDesc,
  ChangeSet,
  ChangeSpec,
  Extension,
  Range,
  SelectionRange,
  StateCommand,
  TransactionSpec,
} from "@codemirror/state";
export {
  Decoration,
  Direction,
  EditorView,
  GutterMarker,
  ViewPlugin,
  WidgetType,
  drawSelection,
  dropCursor,
  gutter,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  layer,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
export type { DecorationSet, KeyBinding, LayerMarker, Panel, ViewUpdate } from "@codemirror/view";
export {
  cursorDocEnd,
  cursorDocStart,
  cursorGroupLeft,
  cursorGroupRight,
  cursorLineDown,
  cursorLineEnd,
  cursorLineStart,
  cursorLineUp,
  cursorPageDown,
  cursorPageUp,
  defaultKeymap,
  deleteCharBackward,
  deleteCharForward,
  moveLineDown,
  moveLineUp,
  selectAll,
  selectDocEnd,
  selectDocStart,
  selectGroupLeft,
  selectGroupRight,
  selectLineDown,
  selectLineEnd,
  selectLineStart,
  selectLineUp,
  selectPageDown,
  selectPageUp,
  splitLine,
  transposeChars,
} from "@codemirror/commands";
export {
  HighlightStyle,
  Language,
  ParseContext,
  bidiIsolates,
  bracketMatching,
  getIndentUnit,
  indentUnit,
  syntaxHighlighting,
  syntaxTree,
} from "@codemirror/language";
export {
  deleteMarkupBackward,
  insertNewlineContinueMarkupCommand,
  markdownLanguage,
  pasteURLAsLink,
} from "@codemirror/lang-markdown";
export {
  SearchQuery,
  closeSearchPanel,
  findNext,
  findPrevious,
  getSearchQuery,
  highlightSelectionMatches,
  openSearchPanel,
  replaceAll,
  replaceNext,
  search,
  searchKeymap,
  searchPanelOpen,
  selectMatches,
  setSearchQuery,
} from "@codemirror/search";
export { styleTags, tags } from "@lezer/highlight";
export type { MarkdownExtension, MarkdownParser } from "@lezer/markdown";
export { parseCode } from "@lezer/markdown";
