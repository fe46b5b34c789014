import{a as r,b as e}from"./diagram-POLZ5PYZ.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{r as GitGraphModule,e as createGitGraphServices};
