var r=(t,n)=>new URL(t,n).pathname,e;function o(){return e??=r(document.querySelector('meta[name="quire-base"]')?.content??"/",location.href),e}export{o as a};
