import{a as e,b as r}from"./diagram-FZBE5USA.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as TreemapModule,r as createTreemapServices};
