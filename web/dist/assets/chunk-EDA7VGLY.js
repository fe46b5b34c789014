var l=/^---[ \t]*\n[^\s#:-][^\n]*:(?=[ \t\n])(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|$)/,u=/^([^\s#:'"[\]{}&*!|>%@`-][^:\n]{0,99}|"[^"\n]{1,99}"|'[^'\n]{1,99}'):(?:[ \t]+(.*))?$/;function p(n){return l.exec(n)?.[0]??""}function a(n){let t=[];for(let r of n.trimEnd().split(`
`).slice(1,-1)){let e=u.exec(r);e!==null&&t.length<50?t.push({key:i(e[1]??""),lines:[e[2]??""]}):/^\s*(#.*)?$/.test(r)||t[t.length-1]?.lines.push(r)}return t.map(({key:r,lines:e})=>({key:r,value:f(e).slice(0,2e3)}))}var m=(n,t)=>n.find(r=>r.key===t)?.value??null;function f([n="",...t]){if(t.length===0)return g(i(n.replace(/\s+#.*$/,"").trim()));let r=t.map(e=>/^\s*-\s+(.*)$/.exec(e)?.[1]);return n.trim()===""&&r.every(e=>e!==void 0)?r.map(e=>i((e??"").trim())).join(", "):[n,...t].join(`
`).trim()}function g(n){let t=/^\[([^[\]{}]*)\]$/.exec(n)?.[1];return t===void 0?n:t.split(",").map(r=>i(r.trim())).join(", ")}var i=n=>/^(["'])(.*)\1$/.exec(n)?.[2]??n;function x(n,t){return`<table class="front-matter"><tbody>
${a(n).map(({key:e,value:o})=>`<tr><th scope="row" dir="auto">${t(e)}</th><td dir="auto">${t(o)}</td></tr>
`).join("")}</tbody></table>
`}function y(n,{from:t,to:r,insert:e}){return n(t-1)===13&&n(t)===10?{from:t-1,to:r===t?t-1:r,insert:e}:t===0&&r===0&&n(0)===65279?{from:1,to:1,insert:e}:{from:t,to:r,insert:e}}function A(n){return d(n).replace(/\r\n?/g,`
`)}function d(n){return n.replace(/^\ufeff+/,"")}function M(n){let t=[];for(let r of n.matchAll(/^\ufeff+|\r\n?/g)){let[e]=r,o=e==="\r",s=e===`\r
`?1:e.length;t.unshift({from:r.index,to:r.index+s,insert:o?`
`:""})}return t}export{p as a,a as b,m as c,x as d,y as e,A as f,d as g,M as h};
