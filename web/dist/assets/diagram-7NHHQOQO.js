import{a as e,b as r}from"./diagram-5ZHRKPUU.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as ArchitectureModule,r as createArchitectureServices};
