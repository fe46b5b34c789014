/** Files of the build that the app loads by name. */

interface Files {
  /** Renders large documents. */
  readonly worker: string;
  /** How formulas look. */
  readonly mathStyle: string;
}

/** The build puts the names in. */
declare const __FILES__: Files;

/** The address of a file, which lies beside this one. */
export const fileAddress = (name: keyof Files): URL => new URL(__FILES__[name], import.meta.url);
