import{a as e,b as r}from"./diagram-X22CSP6A.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as TreeViewModule,r as createTreeViewServices};
