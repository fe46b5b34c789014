/** Files of the build that the app loads by name. */

interface Files {
  /** Renders large documents. */
  readonly worker: string;
  /** How formulas look. */
  readonly mathStyle: string;
  /** How the history looks. */
  readonly pastStyle: string;
}

/** The build puts the names in. */
declare const __FILES__: Files;

/** The address of a file, which lies beside this one. */
export const fileAddress = (name: keyof Files): URL => new URL(__FILES__[name], import.meta.url);

/** Add a style to the page; rejects if it cannot be loaded. */
export function loadStyle(name: keyof Files): Promise<void> {
  return new Promise((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = fileAddress(name).href;
    style.onload = () => resolve();
    style.onerror = () => {
      style.remove();
      reject(new Error(`${name} cannot be loaded`));
    };
    document.head.append(style);
  });
}
