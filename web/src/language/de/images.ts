import type { images as English } from "../en/images";

export const images: typeof English = {
  insert: "Bild einfügen …",
  placeholder: (fileName) => `${fileName} wird hochgeladen …`,
  uploading: (count, percent) =>
    count === 1 ? `Ein Bild wird hochgeladen: ${percent} %` : `${count} Bilder werden hochgeladen: ${percent} %`,
  failed: (fileName, reason) => `${fileName} wurde nicht hochgeladen. ${reason}`,
  retry: "Erneut versuchen",
  unreachable: "Der Server ist nicht erreichbar.",
  noImage: "Angenommen werden nur ganze Bilder in PNG, JPEG, GIF, WebP und AVIF.",
  tooLarge: "Es ist zu groß.",
  full: "Mehr Bilder darf das Dokument nicht haben.",
  serverFull:
    "Alle Bilder dieses Servers zusammen haben seine Grenze erreicht (max_image_storage_bytes). Wer ihn betreibt, kann sie anheben oder Platz schaffen, indem er Dokumente endgültig löscht; danach erneut versuchen.",
};
