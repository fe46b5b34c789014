import{a,b,c,d}from"./part-ATIGEI6G.js";import"./part-3DT5XSCP.js";export{a as javascript,b as json,c as jsonld,d as typescript};
