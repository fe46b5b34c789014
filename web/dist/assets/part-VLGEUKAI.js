import{b as r}from"./part-772M2Q4A.js";import{oa as o}from"./part-XBT7WU73.js";import"./part-3DT5XSCP.js";var n=()=>new o(r);export{n as markdown};
