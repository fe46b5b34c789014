/** Two editors beside each other: CodeMirror's merge view. Loaded when versions are compared so. */
export { Change as MergeChange, MergeView } from "@codemirror/merge";
