import{a as o,b as e}from"./diagram-HJUUXXCW.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{o as InfoModule,e as createInfoServices};
