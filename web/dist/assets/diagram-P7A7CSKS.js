import{a as e,b as r}from"./diagram-5U7UMJ5O.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as CynefinModule,r as createCynefinServices};
