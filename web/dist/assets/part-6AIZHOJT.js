import{b as r}from"./part-3UFZFWFI.js";import{oa as o}from"./part-7IIDCXZX.js";import"./part-3DT5XSCP.js";var n=()=>new o(r);export{n as markdown};
