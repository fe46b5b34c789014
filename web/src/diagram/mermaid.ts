/** Diagrams by mermaid. */

import mermaid from "mermaid";
import type { DrawOrder } from "./drawing";

export async function draw({ id, source, dark }: DrawOrder): Promise<string> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "default",
    // In an image, text in HTML is not shown by every browser.
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    maxTextSize: 50_000,
    maxEdges: 1_000,
    suppressErrorRendering: true,
    // What a document's own settings may not change.
    secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering", "htmlLabels", "dompurifyConfig"],
  });
  return (await mermaid.render(`drawing-${id}`, plainTags(source))).svg;
}

const TAG = /(?<!<)<(\/?)([a-z][a-z0-9]*)\b[^<>]*>/gi;
const KEPT = new Set(["b", "br", "code", "em", "i", "s", "strong", "sub", "sup", "u"]);

/**
 * Labels without attributes in their HTML. Nothing in them would run, but the policy of the frame
 * would report them.
 */
const plainTags = (source: string): string =>
  source.replace(TAG, (_tag, end: string, name: string) => (KEPT.has(name.toLowerCase()) ? `<${end}${name}${name.toLowerCase() === "br" ? "/" : ""}>` : ""));
