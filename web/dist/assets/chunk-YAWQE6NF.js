var o=Object.defineProperty;var k=(e,r)=>{for(var s in r)o(e,s,{get:r[s],enumerable:!0})};var t={worker:"worker-3OCDLAWK.js",mathStyle:"formulas-BR66WUUI.css"};export{k as a,t as b};
