import{a as e,b as r}from"./diagram-VUTMVKU4.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as PacketModule,r as createPacketServices};
