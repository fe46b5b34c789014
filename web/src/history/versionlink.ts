/** Links to a version of a document, as `?version=812`. Pure. */

/** The version that the query of an address names, or null. */
export function versionIn(query: string): number | null {
  const found = new URLSearchParams(query).get("version") ?? "";
  return /^[1-9]\d{0,14}$/.test(found) ? Number(found) : null;
}

/** The address of `version`, from the address of the page that shows the document. */
export function versionLink(page: string, version: number): string {
  const link = new URL(page);
  link.search = "";
  link.hash = "";
  link.searchParams.set("version", String(version));
  return link.href;
}
