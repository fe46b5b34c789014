/** Differences of lists and of words: jsdiff. Loaded when an old version is shown. */

export { diffArrays, diffWordsWithSpace } from "diff";
