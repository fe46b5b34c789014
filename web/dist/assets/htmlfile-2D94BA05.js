import"./shared-DBCD459E.js";import{chunk_I6XI3ILV_js_a as n,chunk_I6XI3ILV_js_b as g,chunk_I6XI3ILV_js_c as j,chunk_I6XI3ILV_js_d as x,chunk_I6XI3ILV_js_e as X,chunk_I6XI3ILV_js_f as L,chunk_I6XI3ILV_js_g as v,chunk_I6XI3ILV_js_h as y,chunk_I6XI3ILV_js_i as w,chunk_I6XI3ILV_js_j as V,chunk_I6XI3ILV_js_k as q,chunk_I6XI3ILV_js_l as U,chunk_I6XI3ILV_js_m as K,chunk_I6XI3ILV_js_n as S,chunk_I6XI3ILV_js_o as T,chunk_I6XI3ILV_js_p as A,chunk_I6XI3ILV_js_q as E,chunk_I6XI3ILV_js_r as i}from"./shared-DBCD459E.js";import"./shared-DBCD459E.js";import{chunk_52SLGK52_js_a as $,chunk_52SLGK52_js_b as M,chunk_52SLGK52_js_c as R,chunk_52SLGK52_js_d as G}from"./shared-DBCD459E.js";import"./shared-DBCD459E.js";import{chunk_JWXFKRYT_js_a as Y,chunk_JWXFKRYT_js_b as Z,chunk_JWXFKRYT_js_c as z,chunk_JWXFKRYT_js_d as D}from"./shared-DBCD459E.js";import{a as l,d}from"./chunk-46B48680.js";import"./shared-DBCD459E.js";import{chunk_4DJ55G2Z_js_a as O}from"./shared-DBCD459E.js";import"./shared-3586F17A.js";import{chunk_ZN7MICQX_js_a as ae}from"./shared-3586F17A.js";import"./shared-3586F17A.js";import{chunk_UXKNUETL_js_a as se,chunk_UXKNUETL_js_b as ce,chunk_UXKNUETL_js_c as le,chunk_UXKNUETL_js_d as de,chunk_UXKNUETL_js_e as _e,chunk_UXKNUETL_js_f as ue,chunk_UXKNUETL_js_g as me}from"./shared-3586F17A.js";import"./shared-3586F17A.js";import{chunk_XMZJIFQ6_js_a as be,chunk_XMZJIFQ6_js_b as ke}from"./shared-3586F17A.js";var _=`
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
`,u="default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'";function m(t,a,e){return`<!doctype html>
<html lang="${s(e)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${u}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Quire">
<title>${s(a)}</title>
<style>${_}</style>
</head>
<body>
<article dir="auto">
${t}
</article>
</body>
</html>
`}var h={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;","'":"&#39;"},s=t=>t.replace(/[&<>"']/g,a=>h[a]??a);async function we(t,a){let e=await i(t);for(let r of e.querySelectorAll("img")){let o=await l(r);o!==null&&(r.src=await d(o));for(let c of["loading","decoding"])r.removeAttribute(c)}for(let r of e.querySelectorAll(".katex")){let o=r.querySelector("math");o!==null&&r.replaceWith(o)}p(e);for(let r of e.querySelectorAll("[data-line], [data-asked], [tabindex]"))for(let o of["data-line","data-asked","tabindex"])r.removeAttribute(o);return m(e.innerHTML,a,document.documentElement.lang||"en")}function p(t){let a=new Set([...t.querySelectorAll("[id]")].map(({id:e})=>e));for(let e of t.querySelectorAll('a[href^="#"]')){let r=f((e.getAttribute("href")??"").slice(1));!a.has(r)&&a.has(n+r)&&e.setAttribute("href",`#${n}${r}`)}}function f(t){try{return decodeURIComponent(t)}catch{return t}}export{we as htmlFile};
