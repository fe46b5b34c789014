import{a as r,b as o}from"./diagram-M5CZRF7L.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{r as RailroadAbnfModule,o as createRailroadAbnfServices};
