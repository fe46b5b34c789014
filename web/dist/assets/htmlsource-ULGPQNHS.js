import{b as a}from"./chunk-WK3M3SI7.js";import"./chunk-4DJ55G2Z.js";import"./chunk-YAWQE6NF.js";export{a as markdownOfHtml};
