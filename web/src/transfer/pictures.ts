/** The bytes of pictures on the page, as far as the page may read them. */

const MAX_PICTURE_BYTES = 20 * 1024 * 1024;

/** The picture of `image`; null: it is not loaded, from elsewhere, or too large. */
export async function pictureOf(image: HTMLImageElement): Promise<Blob | null> {
  const { src } = image;
  if (src === "") return null;
  if (src.startsWith("blob:")) return drawn(image);
  if (!src.startsWith("data:") && new URL(src).origin !== location.origin) return null;
  const blob = src.startsWith("data:") ? blobOfData(src) : await fetched(src);
  return blob !== null && blob.type.startsWith("image/") && blob.size <= MAX_PICTURE_BYTES ? blob : null;
}

async function fetched(src: string): Promise<Blob | null> {
  try {
    const response = await fetch(src, { credentials: "same-origin" });
    return response.ok ? await response.blob() : null;
  } catch {
    return null;
  }
}

/** The page's policy lets no `data:` address be fetched. */
export function blobOfData(src: string): Blob | null {
  const [, type = "", base64, content = ""] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/s.exec(src) ?? [];
  try {
    const raw = base64 === undefined ? decodeURIComponent(content) : atob(content);
    return new Blob([Uint8Array.from(raw, (char) => char.charCodeAt(0))], { type });
  } catch {
    return null;
  }
}

/** What `image` shows as a PNG; null if it cannot be read. */
export async function drawn(image: HTMLImageElement, scale = 2): Promise<Blob | null> {
  try {
    await image.decode();
    const canvas = document.createElement("canvas");
    const width = image.naturalWidth || image.width;
    const height = image.naturalHeight || image.height;
    const factor = Math.min(scale, 4_000 / Math.max(1, width), 4_000 / Math.max(1, height));
    canvas.width = Math.max(1, Math.round(width * factor));
    canvas.height = Math.max(1, Math.round(height * factor));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } catch {
    return null;
  }
}

export async function dataAddress(blob: Blob): Promise<string> {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("a picture cannot be read"));
    reader.readAsDataURL(blob);
  });
}
