/**
 * The last step before HTML made from a document enters a page: what is not allowed is gone. All that
 * becomes HTML passes here, and is inserted as it comes out, never written as text again.
 */

import { basePath } from "../base";
import { DOMPurify } from "../vendor/purifier";
import { allowedClasses, linkKind, mayLoadImage } from "./allowed";
import { inert } from "./inert";

const TAGS = (
  "a abbr address aside b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em " +
  "figcaption figure font h1 h2 h3 h4 h5 h6 hr i img input ins kbd li main mark nav ol p pre q rp rt ruby s samp section " +
  "small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
).split(" ");
const ATTRIBUTES = (
  "align alt aria-hidden aria-label checked cite class color colspan data-line datetime dir disabled height href id lang " +
  "open reversed rowspan scope span src start title type valign value width"
).split(" ");
/** Addresses of anything but these kinds are taken out. */
const ADDRESS = /^(?:(?:https?|mailto|tel|xmpp|matrix|ftp):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i;
/** What an id in a document begins with on the page, so that none meets a name of the page's own. */
export const ID_PREFIX = "user-content-";

const purifier = DOMPurify(window);

purifier.addHook("beforeSanitizeAttributes", (node) => {
  // Old notes have `<a name="part">`.
  const name = node.nodeName === "A" ? node.getAttribute("name") : null;
  if (name !== null && !node.hasAttribute("id")) node.setAttribute("id", name);
});

purifier.addHook("uponSanitizeAttribute", (_node, data) => {
  if (data.attrName === "class") {
    data.attrValue = allowedClasses(data.attrValue);
    if (data.attrValue === "") data.keepAttr = false;
  }
});

purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) secureLink(node);
  if (node.nodeName === "IMG") secureImage(node);
  if (node.nodeName === "INPUT") {
    // Only checkboxes, as task lists have; the page lets those of the source be clicked.
    if (node.getAttribute("type") === "checkbox") node.setAttribute("disabled", "");
    else node.remove();
  }
});

function secureLink(node: Element): void {
  const kind = linkKind(node.getAttribute("href") ?? "", location.origin);
  if (kind === "inside") return;
  node.setAttribute("rel", "noopener noreferrer nofollow");
  if (kind === "foreign") node.setAttribute("target", "_blank");
}

function secureImage(node: Element): void {
  node.setAttribute("loading", "lazy");
  node.setAttribute("decoding", "async");
  node.setAttribute("referrerpolicy", "no-referrer");
  if (mayLoadImage(node.getAttribute("src") ?? "", location.href, basePath())) return;
  node.removeAttribute("src");
  node.setAttribute("class", "image-missing");
}

const CONFIG = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOWED_URI_REGEXP: ADDRESS,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  SANITIZE_DOM: true,
  SANITIZE_NAMED_PROPS: true,
} as const;

const TAG_SET: ReadonlySet<string> = new Set(TAGS);

/** A fragment that is safe to insert, and is never serialised again on the way. */
export function sanitise(html: string): DocumentFragment {
  return purifier.sanitize(inert(html, TAG_SET), CONFIG);
}

/**
 * A fragment for each of several texts, in one pass: much cheaper than one by one. Only for HTML that
 * the parser of markdown made alone, whose tags are balanced; what is not shows in the number of
 * fragments, and then each has a pass of its own.
 */
export function sanitiseAll(texts: readonly string[]): DocumentFragment[] {
  const together = purifier.sanitize(texts.map((html) => `<section>${html}</section>`).join(""), CONFIG);
  const parts = [...together.children];
  if (parts.length !== texts.length || parts.some(({ tagName }) => tagName !== "SECTION")) return texts.map(sanitise);
  return parts.map((part) => {
    const fragment = document.createDocumentFragment();
    fragment.append(...part.childNodes);
    return fragment;
  });
}
