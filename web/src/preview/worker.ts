/** Renders large documents beside the page's own thread. */

import { Markup } from "../markup/markup";
import type { FromWorker, ToWorker } from "./rendering";
import { applyDelta } from "./textdelta";

const markup = new Markup();
let text = "";

const answer = (message: FromWorker): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const ofText = "delta" in data;
  if (ofText) text = applyDelta(text, data.delta);
  answer({ update: ofText ? markup.update(text) : markup.learn(data.emoji), ofText });
});
