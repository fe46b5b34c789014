/** A document as one HTML file that opens anywhere: styles and pictures are in it. */

import { ID_PREFIX } from "../preview/sanitise";
import { pageOf } from "./markupfile";
import { dataAddress, pictureOf } from "./pictures";
import { renderForExport } from "./rendering";

export async function htmlFile(text: string, title: string): Promise<string> {
  const article = await renderForExport(text);
  for (const image of article.querySelectorAll("img")) {
    const picture = await pictureOf(image);
    if (picture !== null) image.src = await dataAddress(picture);
    for (const name of ["loading", "decoding"]) image.removeAttribute(name);
  }
  // Browsers show MathML themselves; KaTeX's own layout would need its fonts.
  for (const formula of article.querySelectorAll(".katex")) {
    const math = formula.querySelector("math");
    if (math !== null) formula.replaceWith(math);
  }
  joinLinks(article);
  for (const marked of article.querySelectorAll("[data-line], [data-asked], [tabindex]")) {
    for (const name of ["data-line", "data-asked", "tabindex"]) marked.removeAttribute(name);
  }
  return pageOf(article.innerHTML, title, document.documentElement.lang || "en");
}

/** Links within the document: on the page a script leads them to ids, which begin with a prefix. */
function joinLinks(article: HTMLElement): void {
  const ids = new Set([...article.querySelectorAll("[id]")].map(({ id }) => id));
  for (const link of article.querySelectorAll('a[href^="#"]')) {
    const name = decoded((link.getAttribute("href") ?? "").slice(1));
    if (!ids.has(name) && ids.has(ID_PREFIX + name)) link.setAttribute("href", `#${ID_PREFIX}${name}`);
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
