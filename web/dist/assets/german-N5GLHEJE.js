import"./chunk-WOT6VMZA.js";var o={close:"Schließen",cancel:"Abbrechen",copy:"Kopieren",dismiss:"Ausblenden",edits:e=>e===1?"1 Änderung":`${e} Änderungen`};var r={common:o};export{r as german};
