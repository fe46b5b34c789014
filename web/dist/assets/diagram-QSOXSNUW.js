import{a as e,b as o}from"./diagram-3U2TETAW.js";import"./diagram-KYI67NTM.js";import"./diagram-DGY5KHH3.js";export{e as EventModelingModule,o as createEventModelingServices};
