/** What leaves the page: into the clipboard, or into a file. */

import { element } from "./dom";

/** Copy `text`; where the browser forbids it, offer it as a file. */
export async function copyOrDownload(text: string, fileName: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    downloadText(text, fileName);
  }
}

export function downloadText(text: string, fileName: string): void {
  download(new Blob([text], { type: "text/markdown" }), fileName);
}

export function download(content: Blob, fileName: string): void {
  const url = URL.createObjectURL(content);
  const link = element("a", { href: url, download: fileName });
  link.click();
  URL.revokeObjectURL(url);
}
