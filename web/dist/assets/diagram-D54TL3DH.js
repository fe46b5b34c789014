import{a as r,b as e}from"./diagram-SZYB2655.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{r as RadarModule,e as createRadarServices};
