/** Renders large documents beside the page's own thread. */

import { Markup } from "../markup/markup";
import type { FromWorker, ToWorker } from "./rendering";

const markup = new Markup();

const answer = (message: FromWorker): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const ofText = "text" in data;
  answer({ update: ofText ? markup.update(data.text) : markup.learn(data.emoji), ofText });
});
