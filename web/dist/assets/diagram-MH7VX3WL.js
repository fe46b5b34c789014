import{a as r,b as o}from"./diagram-6MA2Z6PG.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{r as RailroadEbnfModule,o as createRailroadEbnfServices};
