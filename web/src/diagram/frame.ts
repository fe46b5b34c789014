/**
 * The frame that draws: a document of no origin, which can ask for nothing and reach nothing. It gets
 * the source of a diagram and returns an image, which the page shows as an image.
 */

import type { DrawOrder, Drawing, FrameMessage } from "./drawing";

const say = (message: FrameMessage): void => parent.postMessage(message, "*");

// One after the other: the libraries keep state of their own.
let last: Promise<void> = Promise.resolve();

addEventListener("message", (event: MessageEvent<DrawOrder>) => {
  if (event.source !== parent) return;
  const order = event.data;
  last = last.then(() => draw(order)).then(
    (drawing) => say({ id: order.id, drawing }),
    (error: unknown) => say({ id: order.id, error: error instanceof Error ? error.message : String(error) }),
  );
});

async function draw(order: DrawOrder): Promise<Drawing> {
  const module = order.kind === "mermaid" ? await import("./mermaid") : await import("./vega");
  const svg = await module.draw(order);
  return measured(svg);
}

/** The drawing as XML of a fixed size, as an image has to be. */
function measured(source: string): Drawing {
  const place = document.createElement("div");
  place.innerHTML = source;
  const svg = place.querySelector("svg");
  if (svg === null) throw new Error("there is no drawing");
  document.body.append(place);
  const box = svg.viewBox.baseVal;
  const shown = svg.getBoundingClientRect();
  const width = box !== null && box.width > 0 ? box.width : shown.width;
  const height = box !== null && box.height > 0 ? box.height : shown.height;
  place.remove();
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  svg.style.maxWidth = "";
  return { svg: new XMLSerializer().serializeToString(svg), width, height };
}

say({ ready: true });
