/** What is loaded only once a document uses it: colours of code, formulas, drawings. */

import { colourCode } from "./colours";
import { drawDiagrams } from "./diagrams";
import { typesetFormulas } from "./formulas";

const waiting = new Set<() => void>();

const loaded = (): void => {
  for (const tell of waiting) tell();
};

/** Call `tell` whenever something that was not there at `enrich` has been loaded. */
export function whenMoreIsLoaded(tell: () => void): void {
  waiting.add(tell);
}

export function enrich(element: HTMLElement): void {
  colourCode(element, loaded);
  typesetFormulas(element, loaded);
  drawDiagrams(element);
}
