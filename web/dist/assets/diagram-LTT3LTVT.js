import{a as e,b as r}from"./diagram-X4OKQR5J.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as WardleyModule,r as createWardleyServices};
