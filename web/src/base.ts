/** The path below which this Quire is served: "/", or "/pad/" behind a proxy that says so. */

/** Pure: the path that `relative`, as the page states it, means at the page's address. */
export const baseOf = (relative: string, address: string): string =>
  new URL(relative, address).pathname;

let found: string | undefined;

/** The path, with a slash at both ends. The page states it relative to itself. */
export function basePath(): string {
  found ??= baseOf(
    document.querySelector<HTMLMetaElement>('meta[name="quire-base"]')?.content ?? "/",
    location.href,
  );
  return found;
}
