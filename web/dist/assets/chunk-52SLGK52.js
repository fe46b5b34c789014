var o=/^---[ \t]*\n[^\s#:-][^\n]*:(?=[ \t\n])(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|$)/,l=/^([^\s#:'"[\]{}&*!|>%@`-][^:\n]{0,99}|"[^"\n]{1,99}"|'[^'\n]{1,99}'):(?:[ \t]+(.*))?$/;function d(t){return o.exec(t)?.[0]??""}function u(t){let n=[];for(let e of t.trimEnd().split(`
`).slice(1,-1)){let r=l.exec(e);r!==null&&n.length<50?n.push({key:i(r[1]??""),lines:[r[2]??""]}):/^\s*(#.*)?$/.test(e)||n[n.length-1]?.lines.push(e)}return n.map(({key:e,lines:r})=>({key:e,value:a(r).slice(0,2e3)}))}var f=(t,n)=>t.find(e=>e.key===n)?.value??null;function a([t="",...n]){if(n.length===0)return c(i(t.replace(/\s+#.*$/,"").trim()));let e=n.map(r=>/^\s*-\s+(.*)$/.exec(r)?.[1]);return t.trim()===""&&e.every(r=>r!==void 0)?e.map(r=>i((r??"").trim())).join(", "):[t,...n].join(`
`).trim()}function c(t){let n=/^\[([^[\]{}]*)\]$/.exec(t)?.[1];return n===void 0?t:n.split(",").map(e=>i(e.trim())).join(", ")}var i=t=>/^(["'])(.*)\1$/.exec(t)?.[2]??t;function m(t,n){return`<table class="front-matter"><tbody>
${u(t).map(({key:r,value:s})=>`<tr><th scope="row" dir="auto">${n(r)}</th><td dir="auto">${n(s)}</td></tr>
`).join("")}</tbody></table>
`}export{d as a,u as b,f as c,m as d};
