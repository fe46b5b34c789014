/** What documents may refer to: classes, links and images. Pure. */

const CLASS =
  /^(?:language-[^\s"'<>]{1,60}|align-(?:left|center|right)|box|box-(?:info|success|warning|danger|spoiler|title)|math|math-display|diagram|diagram-(?:mermaid|vega|vega-lite)|task|task-box|toc|front-matter|numbered|numbers|footnotes|footnotes-list|footnote-(?:ref|item|backref)|quote-(?:name|time|coloured)|embed)$/;
const RASTER_DATA = /^data:image\/(?:png|gif|jpe?g|webp|avif);base64,[a-z0-9+/=\s]*$/i;

/** Where this server keeps the images of a document, below what all its paths begin with. */
const KEPT_IMAGE = /^api\/documents\/[\w:.%-]+\/files\/[0-9a-f]{64}\.[a-z0-9]{1,5}$/;

/** Those of `value` that have a meaning in documents; the classes of the page's own parts are not among them. */
export const allowedClasses = (value: string): string =>
  value.split(/\s+/).filter((name) => CLASS.test(name)).join(" ");

/** `inside`: to a part of the same document. `own`: to a page of this server. `foreign`: anything else. */
export type LinkKind = "inside" | "own" | "foreign";

export function linkKind(href: string, origin: string): LinkKind {
  if (href.startsWith("#")) return "inside";
  try {
    return new URL(href, `${origin}/d/-`).origin === origin ? "own" : "foreign";
  } catch {
    return "foreign";
  }
}

/**
 * Images come over TLS, from data in the document, or from where this server keeps images; never from
 * its other addresses, which might act for the user.
 *
 * @param page the address of the page
 * @param base what all paths of this server begin with
 */
export function mayLoadImage(src: string, page: string, base: string): boolean {
  if (RASTER_DATA.test(src)) return true;
  let address: URL;
  try {
    address = new URL(src, page);
  } catch {
    return false;
  }
  if (address.origin !== new URL(page).origin) return address.protocol === "https:";
  return address.pathname.startsWith(base) && KEPT_IMAGE.test(address.pathname.slice(base.length));
}
