/** The style of an exported page: small, light and dark, and fit to be printed. */

export const EXPORT_STYLE = `
:root { color-scheme: light dark; --text: #1c2128; --muted: #57606a; --line: #d8dde4; --raised: #f6f7f9; --accent: #1d5fae; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e7ec; --muted: #9aa5b1; --line: #363c45; --raised: #1e2227; --accent: #7fb5f5; --page: #16191d; } }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word; }
article { max-width: 46rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; unicode-bidi: plaintext; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; break-after: avoid; }
a { color: var(--accent); }
img, svg { max-width: 100%; height: auto; }
pre, code, kbd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .875em; }
code { padding: .1em .35em; border-radius: 4px; background: var(--raised); }
pre { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); overflow-x: auto; white-space: pre-wrap; }
pre code { padding: 0; background: none; font-size: 1em; }
blockquote { margin-inline: 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line); color: var(--muted); }
blockquote.quote-coloured { border-inline-start-color: currentcolor; color: inherit; }
blockquote.quote-coloured > * { color: var(--muted); }
.quote-name { font-weight: 600; }
table { border-collapse: collapse; }
th, td { padding: .25rem .75rem; border: 1px solid var(--line); }
th { background: var(--raised); }
.align-left { text-align: left; } .align-center { text-align: center; } .align-right { text-align: right; }
li.task { list-style: none; margin-inline-start: -1.4em; }
hr { border: 0; border-top: 1px solid var(--line); }
.box { padding: .75rem 1rem; border: 1px solid var(--line); border-inline-start: 4px solid var(--accent); border-radius: 6px; }
.box-success { border-inline-start-color: #178028; } .box-warning { border-inline-start-color: #b07a00; } .box-danger { border-inline-start-color: #d91f2f; }
.footnotes { border-top: 1px solid var(--line); font-size: .875rem; }
math[display="block"] { margin-block: 1rem; }
@media print { :root { color-scheme: light; --text: #000; --muted: #444; --line: #bbb; --raised: #f4f4f4; --accent: #1d5fae; --page: #fff; } article { max-width: none; padding: 0; } pre, tr, img { break-inside: avoid; } }
`;
