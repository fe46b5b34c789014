// These packages come without types. Each is a plugin for markdown-it.
declare module "markdown-it-abbr" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-container" {
  interface Options {
    readonly validate?: (info: string) => boolean;
    readonly render?: (tokens: import("markdown-it").Token[], index: number) => string;
  }
  const plugin: (parser: import("markdown-it").MarkdownIt, name: string, options?: Options) => void;
  export default plugin;
}
declare module "markdown-it-deflist" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-footnote" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-ins" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-mark" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-sub" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-sup" {
  const plugin: (parser: import("markdown-it").MarkdownIt) => void;
  export default plugin;
}
declare module "markdown-it-emoji/lib/data/full.mjs" {
  const names: Readonly<Record<string, string>>;
  export default names;
}
