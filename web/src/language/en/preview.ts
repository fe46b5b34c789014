/** Words of the rendered pane. */

export const preview = {
  tooComplex: "This text is too complex to be shown as it would look. What is shown here may be old.",
  task: "Task",
  backToText: "Back to the text",
  image: "Image",
  imageNotShown: "not loaded: images come over https, or from this server",
  diagram: "Diagram",
  diagramFailed: "This drawing cannot be shown:",
  diagramTooLong: "it takes too long",
  syncScroll: "Scroll source and preview together",
};
