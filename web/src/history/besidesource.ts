/** Two versions of a source beside each other, with lines that correspond at one height. */

import { readerOf } from "../editor/editor";
import { normalText } from "../newlines";
import { EditorView } from "../vendor/codemirror";
import { MergeChange, MergeView } from "../vendor/merge";
import type { Correspondence } from "./comparison";

export interface BesideTexts {
  readonly before: string;
  readonly now: string;
  /** What screen readers call the two. */
  readonly labels: readonly [before: string, now: string];
  /** Of the two texts as they are shown, with line feeds alone. */
  readonly changes: readonly Correspondence[];
}

export class BesideSource {
  private readonly view: MergeView;

  constructor(
    parent: HTMLElement,
    private readonly texts: BesideTexts,
  ) {
    const { before, now, labels, changes } = texts;
    this.view = new MergeView({
      parent,
      a: { doc: normalText(before), extensions: readerOf(labels[0]) },
      b: { doc: normalText(now), extensions: readerOf(labels[1]) },
      gutter: false,
      // The difference is the server's, which other places show as well.
      diffConfig: { override: () => changes.map(({ fromA, toA, fromB, toB }) => new MergeChange(fromA, toA, fromB, toB)) },
    });
  }

  /** Bring a change to the middle. */
  show(index: number): void {
    const change = this.texts.changes[index];
    if (change === undefined) return;
    this.view.b.dispatch({ effects: EditorView.scrollIntoView(change.fromB, { y: "center" }) });
  }

  dispose(): void {
    this.view.destroy();
  }
}
