/** An old version in place of the live text, with a bar that says so. */

import type { HistoryEvent } from "../history/group";
import { element, longTime } from "../dom";
import { createReader } from "../editor/editor";
import { PreviewPane } from "../preview/pane";
import type { EditorView } from "../vendor/codemirror";

export interface VersionActions {
  restore(version: number): void;
  back(): void;
}

export class VersionView {
  readonly bar = element("div", { class: "banner banner-version", role: "status", hidden: true });
  readonly source = element("div", { class: "pane-layer", hidden: true });
  readonly rendered = element("div", { class: "pane-layer preview", hidden: true });

  private reader: EditorView | null = null;
  private preview = new PreviewPane();
  private current: number | null = null;

  constructor(private readonly actions: VersionActions) {
    this.rendered.append(this.preview.dom);
  }

  /** The version that is shown, or null while the live text is. */
  get version(): number | null {
    return this.current;
  }

  show(event: HistoryEvent, text: string, restorable: boolean): void {
    const { version } = event;
    this.current = version;
    const restore = element(
      "button",
      {
        type: "button",
        class: "button button-small button-primary",
        disabled: !restorable,
        onclick: () => this.actions.restore(version),
      },
      "Restore",
    );
    const back = element(
      "button",
      { type: "button", class: "button button-small", onclick: () => this.actions.back() },
      "Back to live",
    );
    this.bar.replaceChildren(
      element(
        "span",
        { class: "banner-words" },
        `Viewing version ${version} · by ${event.actor.name} · ${longTime(event.at)}`,
      ),
      restore,
      back,
    );
    this.reader?.destroy();
    this.reader = createReader(this.source, text, `Text at version ${version}`);
    this.preview.show(text);
    this.setHidden(false);
  }

  hide(): void {
    this.current = null;
    this.reader?.destroy();
    this.reader = null;
    this.preview.show("");
    this.setHidden(true);
  }

  private setHidden(hidden: boolean): void {
    for (const dom of [this.bar, this.source, this.rendered]) dom.hidden = hidden;
  }
}
