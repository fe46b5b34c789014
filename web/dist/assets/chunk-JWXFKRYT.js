function c(n,{from:t,to:r,insert:e}){return n(t-1)===13&&n(t)===10?{from:t-1,to:r===t?t-1:r,insert:e}:t===0&&r===0&&n(0)===65279?{from:1,to:1,insert:e}:{from:t,to:r,insert:e}}function u(n){return f(n).replace(/\r\n?/g,`
`)}function f(n){return n.replace(/^\ufeff+/,"")}function a(n){let t=[];for(let r of n.matchAll(/^\ufeff+|\r\n?/g)){let[e]=r,i=e==="\r",o=e===`\r
`?1:e.length;t.unshift({from:r.index,to:r.index+o,insert:i?`
`:""})}return t}export{c as a,u as b,f as c,a as d};
