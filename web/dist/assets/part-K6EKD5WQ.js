import{b as r}from"./part-XBFVZB5T.js";import{ka as o}from"./part-LTH7TGTL.js";import"./part-3DT5XSCP.js";var n=()=>new o(r);export{n as markdown};
