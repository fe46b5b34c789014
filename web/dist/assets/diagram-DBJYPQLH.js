import{a as e,b as r}from"./diagram-IKGXEUII.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as RailroadPegModule,r as createRailroadPegServices};
