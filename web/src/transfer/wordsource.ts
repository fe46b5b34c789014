/** Markdown from a document of Word: mammoth makes HTML of it. */

import { ArchiveError, partsOf, requireBounded } from "./archive";
import { markdownOfHtml, type FromHtml } from "./htmlsource";

const MAX_UNPACKED_BYTES = 200 * 1024 * 1024;
/** The text itself; what is larger would stop the page while it is read. */
const MAX_XML_BYTES = 40 * 1024 * 1024;

/** The names that pandoc and the export of this page give to code and quotes. */
const STYLES = [
  "p[style-name='Source Code'] => pre:fresh",
  "p[style-name='Block Text'] => blockquote > p:fresh",
  "p[style-name='Quote'] => blockquote > p:fresh",
  "r[style-name='Verbatim Char'] => code",
  "strike => del",
];

/**
 * @param upload keeps a picture and returns its address, or null: then it is left out
 * @throws ArchiveError if it is no document of Word, or damaged, or too large unpacked
 */
export async function markdownOfWord(
  bytes: Uint8Array,
  upload: ((image: Blob) => Promise<string | null>) | null = null,
): Promise<FromHtml> {
  const parts = partsOf(bytes);
  if (!parts.some(({ name }) => name === "[Content_Types].xml")) throw new ArchiveError("no document of Word");
  await requireBounded(parts, MAX_UNPACKED_BYTES);
  await requireBounded(parts.filter(({ name }) => /\.(?:xml|rels)$/i.test(name)), MAX_XML_BYTES);
  const { mammoth } = await import("../vendor/mammoth");
  const images = new Map<string, string>();
  let leftOut = 0;
  const convertImage = mammoth.images.imgElement(async (image) => {
    const address = await keep(image, upload);
    if (address === null) {
      leftOut++;
      return { src: "" };
    }
    const place = `data:image/kept,${images.size}`;
    images.set(place, address);
    return { src: place };
  });
  const buffer = bytes.slice().buffer;
  const { value } = await mammoth.convertToHtml({ arrayBuffer: buffer }, { convertImage, styleMap: STYLES }).catch((error: unknown) => {
    throw new ArchiveError(error instanceof Error ? error.message : "unreadable");
  });
  const { text } = await markdownOfHtml(value, (data) => Promise.resolve(images.get(data) ?? null));
  return { text, leftOutImages: leftOut };
}

async function keep(
  image: { contentType: string; readAsArrayBuffer(): Promise<ArrayBuffer> },
  upload: ((image: Blob) => Promise<string | null>) | null,
): Promise<string | null> {
  if (upload === null) return null;
  return upload(new Blob([await image.readAsArrayBuffer()], { type: image.contentType }));
}
