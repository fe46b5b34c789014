/** The text of an exported page around its content. Pure. */

import { EXPORT_STYLE } from "./exportstyle";

/**
 * Nothing runs, nothing is sent, no frame and no form: whatever is in the content. Styles are in the
 * file, and pictures that could not be put into it come over TLS.
 */
export const EXPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'";

/**
 * A page that needs nothing else.
 *
 * @param content HTML that has passed the sanitiser
 */
export function pageOf(content: string, title: string, language: string): string {
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${EXPORT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Quire">
<title>${escapeHtml(title)}</title>
<style>${EXPORT_STYLE}</style>
</head>
<body>
<article dir="auto">
${content}
</article>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
