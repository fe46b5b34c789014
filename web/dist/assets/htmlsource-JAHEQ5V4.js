import{b as a}from"./chunk-4SNEEFZT.js";import"./chunk-4DJ55G2Z.js";import"./chunk-B5YNJHKX.js";export{a as markdownOfHtml};
