/** Typesets formulas; its own file in the build, loaded once a text has one. */
export { default as katex } from "katex";
