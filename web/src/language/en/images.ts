/** Images that are pasted, dropped or chosen. */

export const images = {
  insert: "Insert image…",
  placeholder: (fileName: string): string => `uploading ${fileName}…`,
  uploading: (count: number, percent: number): string =>
    count === 1 ? `Uploading an image: ${percent} %` : `Uploading ${count} images: ${percent} %`,
  failed: (fileName: string, reason: string): string => `${fileName} was not uploaded. ${reason}`,
  retry: "Try again",
  unreachable: "The server cannot be reached.",
  noImage: "Only whole PNG, JPEG, GIF, WebP and AVIF images are taken.",
  tooLarge: "It is too large.",
  full: "The document has as many images as it may have.",
  serverFull:
    "All images of this server together have reached its limit (max_image_storage_bytes). Whoever runs it can raise that, or make room by deleting documents for good; then try again.",
};
