import{a as r,b as o}from"./diagram-WJW4XVKU.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{r as RailroadModule,o as createRailroadServices};
