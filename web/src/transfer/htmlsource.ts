/**
 * Markdown from HTML, by turndown. The HTML is parsed into a document that runs and loads nothing;
 * what is not content is taken out first. What comes out is a text like any other: shown, it passes
 * the one sanitiser.
 */

import { inert } from "../preview/inert";
import { tidyText } from "./plaintext";

const NOT_CONTENT = "script, style, template, noscript, head, title, meta, link, iframe, object, embed, svg, canvas, form > button, input:not([type=checkbox]), textarea, select";
/** All that turndown makes something of; what stands in other elements is kept, they are not. */
const CONTENT: ReadonlySet<string> = new Set(
  (
    "html body main article section header footer aside nav div p span br hr h1 h2 h3 h4 h5 h6 a abbr b strong i em u s " +
    "del strike ins mark small sub sup code pre kbd samp var tt q cite blockquote ul ol li dl dt dd table caption " +
    "colgroup col thead tbody tfoot tr th td img figure figcaption picture details summary address time input label"
  ).split(" "),
);
const SAFE_ADDRESS = /^(?:https?:|mailto:|tel:|xmpp:|ftp:|#|\/|\.|[^:]*$)/i;

export interface FromHtml {
  readonly text: string;
  /** Pictures that were in the HTML itself, and are left out. */
  readonly leftOutImages: number;
}

/**
 * @param imageAddress for an image that is in the HTML itself (`data:`), the address that takes its
 *   place, or null: it is left out
 */
export async function markdownOfHtml(
  html: string,
  imageAddress: (data: string) => string | null = () => null,
): Promise<FromHtml> {
  const { TurndownService, gfm } = await import("../vendor/turndown");
  const { body } = new DOMParser().parseFromString(inert(html, CONTENT), "text/html");
  for (const node of body.querySelectorAll(NOT_CONTENT)) node.remove();
  for (const link of body.querySelectorAll("a[href]")) {
    if (!SAFE_ADDRESS.test((link.getAttribute("href") ?? "").replace(/[\p{Cc}\s]/gu, ""))) link.removeAttribute("href");
  }
  let leftOutImages = 0;
  for (const image of body.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const address = /^data:/i.test(source) ? imageAddress(source) : SAFE_ADDRESS.test(source) ? source : null;
    if (address === null) {
      leftOutImages++;
      image.replaceWith(image.alt);
    } else image.setAttribute("src", address);
  }
  const service = new TurndownService({
    headingStyle: "atx",
    hr: "---",
    bulletListMarker: "-",
    codeBlockStyle: "fenced",
    emDelimiter: "*",
  });
  service.use(gfm);
  // Its own rule puts three blanks behind the sign of an item.
  service.addRule("item", { filter: "li", replacement: itemText });
  const text = tidyText(service.turndown(body)).replace(/[ \t]+$/gm, (end) => (end === "  " ? end : ""));
  return { text: text === "" ? "" : `${text.replace(/\n{3,}/g, "\n\n").trim()}\n`, leftOutImages };
}

function itemText(content: string, node: Node): string {
  const list = node.parentElement;
  const index = list === null ? 0 : [...list.children].indexOf(node as Element);
  const start = Number(list?.getAttribute("start") ?? "1");
  const sign = list?.nodeName === "OL" ? `${(Number.isInteger(start) ? start : 1) + index}. ` : "- ";
  const inner = content.trim().replace(/\n/g, `\n${" ".repeat(sign.length)}`);
  return `${sign}${inner}${node.nextSibling === null ? "" : "\n"}`;
}
