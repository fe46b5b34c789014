/**
 * The others' carets and selections, drawn in layers over and under the text and clipped to what
 * is on screen, so that they cost the same in a document of any length.
 *
 * Everything about a caret was written by a peer: names become text nodes, colours must be
 * `#rrggbb`, positions are resolved by Yjs and checked against the document.
 */

import {
  EditorSelection,
  EditorView,
  RectangleMarker,
  StateEffect,
  StateField,
  layer,
  type Extension,
  type LayerMarker,
} from "../vendor/codemirror";
import type { Caret } from "./presence";

/** Replace all remote carets. */
export const setCarets = StateEffect.define<readonly Caret[]>();

const caretField = StateField.define<readonly Caret[]>({
  create: () => [],
  update(carets, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setCarets)) return effect.value;
    }
    if (!transaction.docChanged || carets.length === 0) return carets;
    return carets.map((caret) => ({
      ...caret,
      anchor: transaction.changes.mapPos(caret.anchor),
      head: transaction.changes.mapPos(caret.head),
    }));
  },
});

/** A rectangle of someone's selection. */
class SelectionMarker implements LayerMarker {
  constructor(
    private readonly box: RectangleMarker,
    private readonly color: string,
  ) {}

  eq(other: LayerMarker): boolean {
    return other instanceof SelectionMarker && other.color === this.color && other.box.eq(this.box);
  }

  draw(): HTMLElement {
    const dom = this.box.draw();
    dom.style.backgroundColor = this.color;
    return dom;
  }
}

/** Someone's caret, with the name shown when it moves and on hover. */
class CaretMarker implements LayerMarker {
  constructor(
    private readonly caret: Caret,
    private readonly box: RectangleMarker,
  ) {}

  eq(other: LayerMarker): boolean {
    return (
      other instanceof CaretMarker &&
      other.caret.client === this.caret.client &&
      other.caret.color === this.caret.color &&
      other.caret.name === this.caret.name &&
      other.box.eq(this.box)
    );
  }

  draw(): HTMLElement {
    const dom = this.box.draw();
    dom.setAttribute("aria-hidden", "true");
    dom.style.setProperty("--caret", this.caret.color);
    const label = document.createElement("span");
    label.className = "caret-name";
    label.textContent = this.caret.name;
    // Above the line there is no room at the top of the document.
    if (this.box.top < 24) label.classList.add("caret-name-below");
    dom.append(label);
    return dom;
  }
}

const selectionLayer = layer({
  above: false,
  class: "peer-selections",
  update: (update) =>
    update.docChanged ||
    update.viewportChanged ||
    update.startState.field(caretField) !== update.state.field(caretField),
  markers(view) {
    return view.state.field(caretField).flatMap((caret) => {
      const from = Math.max(Math.min(caret.anchor, caret.head), view.viewport.from);
      const to = Math.min(Math.max(caret.anchor, caret.head), view.viewport.to);
      if (from >= to) return [];
      const range = EditorSelection.range(from, to);
      return RectangleMarker.forRange(view, "peer-selection", range).map(
        (box) => new SelectionMarker(box, caret.color),
      );
    });
  },
});

const caretLayer = layer({
  above: true,
  class: "peer-carets",
  update: (update) =>
    update.docChanged ||
    update.viewportChanged ||
    update.startState.field(caretField) !== update.state.field(caretField),
  markers(view) {
    return view.state.field(caretField).flatMap((caret) => {
      if (caret.head < view.viewport.from || caret.head > view.viewport.to) return [];
      const range = EditorSelection.cursor(caret.head);
      return RectangleMarker.forRange(view, "peer-caret", range).map(
        (box) => new CaretMarker(caret, box),
      );
    });
  },
});

export const remoteCarets: Extension = [caretField, selectionLayer, caretLayer];

/** Show `carets`, if they differ from what is shown. */
export function showCarets(view: EditorView, carets: readonly Caret[]): void {
  const shown = view.state.field(caretField);
  const same =
    shown.length === carets.length &&
    shown.every((caret, index) => sameCaret(caret, carets[index]));
  if (!same) view.dispatch({ effects: setCarets.of(carets) });
}

const sameCaret = (one: Caret, other: Caret | undefined): boolean =>
  other !== undefined &&
  one.client === other.client &&
  one.anchor === other.anchor &&
  one.head === other.head &&
  one.name === other.name &&
  one.color === other.color;
