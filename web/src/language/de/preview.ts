import type { preview as English } from "../en/preview";

export const preview: typeof English = {
  tooComplex: "Dieser Text ist zu verschachtelt, um gerendert zu werden. Die Anzeige kann veraltet sein.",
  task: "Aufgabe",
  backToText: "Zurück zum Text",
  image: "Bild",
  imageNotShown: "nicht geladen: Bilder kommen über https oder von diesem Server",
  diagram: "Diagramm",
  diagramFailed: "Dieses Diagramm lässt sich nicht anzeigen:",
  diagramTooLong: "das Zeichnen dauert zu lange",
  syncScroll: "Quelltext und Vorschau gemeinsam scrollen",
};
