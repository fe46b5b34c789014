import{a as i,r as l}from"./chunk-MSWLPFXX.js";import"./chunk-52SLGK52.js";import"./chunk-JWXFKRYT.js";import{a,d}from"./chunk-PURDN6CN.js";import"./chunk-4DJ55G2Z.js";import"./chunk-ZN7MICQX.js";import"./chunk-UTV57WVI.js";import"./chunk-B5YNJHKX.js";var s=`
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
`;var p="default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'";function f(t,o,e){return`<!doctype html>
<html lang="${m(e)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${p}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Quire">
<title>${m(o)}</title>
<style>${s}</style>
</head>
<body>
<article dir="auto">
${t}
</article>
</body>
</html>
`}var u={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;","'":"&#39;"},m=t=>t.replace(/[&<>"']/g,o=>u[o]??o);async function T(t,o){let e=await l(t);for(let r of e.querySelectorAll("img")){let n=await a(r);n!==null&&(r.src=await d(n));for(let g of["loading","decoding"])r.removeAttribute(g)}for(let r of e.querySelectorAll(".katex")){let n=r.querySelector("math");n!==null&&r.replaceWith(n)}b(e);for(let r of e.querySelectorAll("[data-line], [data-asked], [tabindex]"))for(let n of["data-line","data-asked","tabindex"])r.removeAttribute(n);return f(e.innerHTML,o,document.documentElement.lang||"en")}function b(t){let o=new Set([...t.querySelectorAll("[id]")].map(({id:e})=>e));for(let e of t.querySelectorAll('a[href^="#"]')){let r=h((e.getAttribute("href")??"").slice(1));!o.has(r)&&o.has(i+r)&&e.setAttribute("href",`#${i}${r}`)}}function h(t){try{return decodeURIComponent(t)}catch{return t}}export{T as htmlFile};
