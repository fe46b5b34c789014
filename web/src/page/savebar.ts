/** The save state in words, and the same for those who listen: there only what lasts. */

import { element } from "../dom";
import type { SaveState } from "../savestate";

const SPOKEN_AFTER_MS = 1_000;

export class SaveBar {
  readonly dom = element("span", { class: "save" });

  private readonly words = element("span", { id: "save-state", class: "save-words" });
  private readonly spoken = element("span", {
    class: "visually-hidden",
    role: "status",
    "aria-live": "polite",
  });
  private timer: number | undefined;
  private said = "";

  constructor() {
    // The visible words change with every keystroke; read aloud, that would be noise.
    this.words.setAttribute("aria-hidden", "true");
    this.dom.append(this.words, this.spoken);
  }

  show(state: SaveState): void {
    if (this.words.textContent !== state.words) this.words.textContent = state.words;
    this.dom.dataset["kind"] = state.kind;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.say(state), SPOKEN_AFTER_MS);
  }

  private say(state: SaveState): void {
    if (state.kind === "saving" || state.kind === this.said) return;
    this.said = state.kind;
    this.spoken.textContent = state.words;
  }
}
