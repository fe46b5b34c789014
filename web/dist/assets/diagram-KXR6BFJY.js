import{a as o,b as e}from"./diagram-GQCAAFUV.js";import"./diagram-JE3DVTJ2.js";import"./diagram-BKOVBUR5.js";import"./diagram-652HERLD.js";import"./diagram-523V7XZ6.js";import"./diagram-IPUICIEY.js";import"./diagram-N7RCDXQI.js";import"./diagram-AW7KYR2L.js";import"./diagram-XCDZA32X.js";import"./diagram-OUNUBRP2.js";import"./diagram-5WMMKCJH.js";import"./diagram-APHEUJ6K.js";import"./diagram-HVL3SMUP.js";import"./diagram-5MZQ34UZ.js";import"./diagram-SS5EWTV5.js";import"./diagram-HSTFOQEZ.js";import"./diagram-MSNOUKH2.js";import"./diagram-XB23CEYG.js";import"./diagram-7E6FB36L.js";import"./diagram-SUJPRUJC.js";import{a as r}from"./diagram-24OWMEHJ.js";import"./diagram-DGY5KHH3.js";var m=r(t=>`${o(t)}
  .swimlane.cluster rect {
    stroke: ${t.clusterBorder} !important;
  }
  [data-look="neo"].cluster rect {
    filter: none;
  }
`,"getStyles"),i=m,B=e({defaultLayout:"swimlane",styles:i});export{B as diagram};
