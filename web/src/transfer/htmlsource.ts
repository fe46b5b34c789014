/**
 * Markdown from HTML, by turndown. The HTML is parsed into a document that runs and loads nothing;
 * what is not content is taken out first. What comes out is a text like any other: shown, it passes
 * the one sanitiser.
 */

import { inert } from "../preview/inert";
import { tidyText } from "./plaintext";
import { markdownTable, type Alignment } from "./tabletext";

const NOT_CONTENT =
  "script, style, template, noscript, head, title, meta, link, base, iframe, object, embed, svg, canvas, " +
  "button, input:not([type=checkbox]), textarea, select, video, audio";
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

type Service = InstanceType<typeof import("../vendor/turndown").TurndownService>;

/**
 * @param imageAddress for an image that is in the HTML itself (`data:`), the address that takes its
 *   place, or null: it is left out
 */
export async function markdownOfHtml(
  html: string,
  imageAddress: (data: string) => Promise<string | null> = () => Promise.resolve(null),
): Promise<FromHtml> {
  const { TurndownService } = await import("../vendor/turndown");
  const { body } = new DOMParser().parseFromString(inert(html, CONTENT), "text/html");
  for (const node of body.querySelectorAll(NOT_CONTENT)) node.remove();
  secureLinks(body);
  const leftOutImages = await replaceImages(body, imageAddress);
  prepareCode(body);
  const service = new TurndownService({
    headingStyle: "atx",
    hr: "---",
    bulletListMarker: "-",
    codeBlockStyle: "fenced",
    emDelimiter: "*",
  });
  addRules(service);
  const text = tidyText(service.turndown(body)).replace(/\u00a0/g, " ");
  return { text: text.trim() === "" ? "" : `${text.replace(/\n{3,}/g, "\n\n").trim()}\n`, leftOutImages };
}

function secureLinks(body: HTMLElement): void {
  for (const link of body.querySelectorAll("a[href]")) {
    const address = (link.getAttribute("href") ?? "").replace(/[\p{Cc}\s]/gu, "");
    if (!SAFE_ADDRESS.test(address)) link.removeAttribute("href");
  }
}

async function replaceImages(
  body: HTMLElement,
  imageAddress: (data: string) => Promise<string | null>,
): Promise<number> {
  let leftOut = 0;
  for (const image of body.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const address = /^data:/i.test(source) ? await imageAddress(source) : SAFE_ADDRESS.test(source) ? source : null;
    if (address !== null && address !== "") image.setAttribute("src", address);
    else {
      leftOut++;
      image.replaceWith(image.alt);
    }
  }
  return leftOut;
}

/** A block of code is `pre` with `code` in it, and lines; programs write it in other ways too. */
function prepareCode(body: HTMLElement): void {
  for (const block of body.querySelectorAll("pre")) {
    for (const lineBreak of block.querySelectorAll("br")) lineBreak.replaceWith("\n");
    const inner = block.firstElementChild;
    const language = inner?.tagName === "CODE" && block.children.length === 1 ? inner.className : block.className;
    const code = body.ownerDocument.createElement("code");
    code.className = language;
    code.textContent = block.textContent;
    block.replaceChildren(code);
  }
}

function addRules(service: Service): void {
  // Its own rule puts three blanks behind the sign of an item.
  service.addRule("item", { filter: "li", replacement: itemText });
  service.addRule("struck", { filter: ["del", "s"], replacement: (content) => around(content, "~~") });
  service.addRule("marked", { filter: "mark", replacement: (content) => around(content, "==") });
  service.addRule("task", {
    filter: (node) => node.nodeName === "INPUT" && (node as HTMLInputElement).type === "checkbox",
    replacement: (_, node) => ((node as HTMLInputElement).hasAttribute("checked") ? "[x] " : "[ ] "),
  });
  service.addRule("table", {
    filter: "table",
    replacement: (_, node) => `\n\n${tableText(node as HTMLTableElement, service)}\n\n`,
  });
}

const around = (content: string, sign: string): string =>
  content.trim() === "" ? content : content.replace(/^(\s*)([\s\S]*?)(\s*)$/, `$1${sign}$2${sign}$3`);

function itemText(content: string, node: Node): string {
  const list = node.parentElement;
  const index = list === null ? 0 : [...list.children].indexOf(node as Element);
  const start = Number(list?.getAttribute("start") ?? "1");
  const sign = list?.nodeName === "OL" ? `${(Number.isInteger(start) ? start : 1) + index}. ` : "- ";
  const inner = content
    .trim()
    .replace(/^(\[[x ]\])[ \u00a0]+/, "$1 ")
    .replace(/\n(?!\n|$)/g, `\n${" ".repeat(sign.length)}`);
  return `${sign}${inner}${index + 1 < (list?.children.length ?? 0) ? "\n" : ""}`;
}

function tableText(table: HTMLTableElement, service: Service): string {
  const rows = [...table.rows].filter((row) => row.closest("table") === table);
  const texts = rows.map((row) => [...row.cells].map((cell) => cellText(cell, service)));
  const first = rows[0];
  const isHeaded = first !== undefined && (first.parentElement?.tagName === "THEAD" || [...first.cells].every(({ tagName }) => tagName === "TH"));
  const alignments = [...(first?.cells ?? [])].map(alignmentOf);
  return markdownTable(isHeaded ? texts : [[], ...texts], alignments);
}

function cellText(cell: HTMLElement, service: Service): string {
  // Heads are bold anyway.
  const only = cell.tagName === "TH" ? cell.querySelector(":scope > strong:only-child, :scope > p:only-child > strong:only-child") : null;
  const source = only !== null && only.textContent === cell.textContent?.trim() ? only : cell;
  return source.textContent?.trim() === "" && source.querySelector("img") === null ? "" : service.turndown(source.innerHTML);
}

function alignmentOf(cell: HTMLElement): Alignment {
  const side = (cell.getAttribute("align") ?? "").toLowerCase();
  return side === "center" || side === "right" || side === "left" ? side : "none";
}
