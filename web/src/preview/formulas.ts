/** Typesets formulas with KaTeX, whose own bounds keep macros and sizes small. */

import { fileAddress } from "../files";

type Library = typeof import("../vendor/katex");

/** Formulas that could be anything but text and layout are not typeset at all. */
const OPTIONS = {
  trust: false,
  strict: "ignore",
  // KaTeX would show an error with a style attribute, which the policy of the page refuses.
  throwOnError: true,
  maxSize: 20,
  maxExpand: 300,
  output: "htmlAndMathml",
} as const;
const MAX_CHARS = 5_000;
const MAX_ERROR_CHARS = 200;

let library: Library | null = null;
let loading: Promise<unknown> | null = null;

export function typesetFormulas(element: HTMLElement, loaded: () => void): void {
  const formulas = element.querySelectorAll<HTMLElement>(":is(code, pre).math:not(.formula-failed)");
  if (formulas.length === 0) return;
  if (library === null) {
    loading ??= load().then(loaded, () => (loading = null));
    return;
  }
  for (const formula of formulas) typeset(library, formula);
}

async function load(): Promise<void> {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = fileAddress("mathStyle").href;
  document.head.append(style);
  library = await import("../vendor/katex");
}

/** KaTeX builds elements and sets their styles one by one, so no HTML is read, and no style attribute. */
function typeset({ katex }: Library, formula: HTMLElement): void {
  const source = formula.textContent ?? "";
  if (source.length > MAX_CHARS) return;
  const displayMode = formula.classList.contains("math-display");
  const place = document.createElement(displayMode ? "div" : "span");
  place.className = displayMode ? "formula formula-display" : "formula";
  const line = formula.dataset["line"];
  if (line !== undefined) place.dataset["line"] = line;
  try {
    katex.render(source, place, { ...OPTIONS, displayMode });
  } catch (error) {
    formula.classList.add("formula-failed"); // the source stays
    formula.title = error instanceof Error ? error.message.slice(0, MAX_ERROR_CHARS) : "";
    return;
  }
  formula.replaceWith(place);
}
