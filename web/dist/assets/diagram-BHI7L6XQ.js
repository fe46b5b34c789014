import{a as e,b as r}from"./diagram-PEBII6TJ.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as PieModule,r as createPieServices};
