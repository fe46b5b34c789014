var o=Object.defineProperty;var a=(e,r)=>{for(var s in r)o(e,s,{get:r[s],enumerable:!0})};var m={worker:"worker-7F7AUWJC.js",mathStyle:"formulas-BR66WUUI.css"};export{a,m as b};
