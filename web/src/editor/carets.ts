/**
 * The others' carets and selections, drawn in layers over and under the text and clipped to what
 * is on screen, so that they cost the same in a document of any length.
 *
 * Everything about a caret was written by a peer: names become text nodes, colours must be
 * `#rrggbb`, positions are resolved by Yjs and checked against the document.
 */

import {
  Direction,
  EditorView,
  StateEffect,
  StateField,
  ViewPlugin,
  layer,
  type Extension,
  type LayerMarker,
  type ViewUpdate,
} from "../vendor/codemirror";
import { CaretActivity, type Activity } from "./caretactivity";
import { nameRows, nameWidth, selectionBoxes, type Box, type End } from "./caretgeometry";
import type { Caret } from "./presence";

/** Replace all remote carets. */
export const setCarets = StateEffect.define<readonly Caret[]>();

/** Some carets look different, as time goes by. */
const passTime = StateEffect.define<null>();

export const caretField = StateField.define<readonly Caret[]>({
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

/** Knows when names and fading change, and asks for the drawing then. */
class CaretClock {
  private readonly activity = new CaretActivity();
  private timer: number | undefined;

  constructor(private readonly view: EditorView) {}

  update(update: ViewUpdate): void {
    const carets = update.state.field(caretField);
    const before = update.startState.field(caretField);
    // Carets that only went along with the text are as they were.
    if (carets === before || isSamePlaces(carets, before)) return;
    this.activity.note(carets, performance.now());
    this.schedule();
  }

  of(client: number): Activity {
    return this.activity.of(client, performance.now());
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }

  private schedule(): void {
    window.clearTimeout(this.timer);
    const now = performance.now();
    const next = this.activity.nextChange(now);
    if (next === null) return;
    this.timer = window.setTimeout(() => {
      this.view.dispatch({ effects: passTime.of(null) });
      this.schedule();
    }, next - now + 20);
  }
}

const isSamePlaces = (carets: readonly Caret[], others: readonly Caret[]): boolean =>
  carets.length === others.length &&
  carets.every(({ client, place }, index) => client === others[index]?.client && place === others[index]?.place);

const caretClock = ViewPlugin.fromClass(CaretClock);

/** A box of someone's selection, in the coordinates of the layer. */
class SelectionMarker implements LayerMarker {
  constructor(
    private readonly box: Box,
    private readonly color: string,
  ) {}

  eq(other: LayerMarker): boolean {
    return other instanceof SelectionMarker && other.color === this.color && sameBox(other.box, this.box);
  }

  draw(): HTMLElement {
    const dom = document.createElement("div");
    dom.className = "peer-selection";
    this.place(dom);
    return dom;
  }

  update(dom: HTMLElement, before: LayerMarker): boolean {
    this.place(dom, before instanceof SelectionMarker ? before : null);
    return true;
  }

  private place({ style }: HTMLElement, before: SelectionMarker | null = null): void {
    placeBox(style, this.box, before?.box);
    if (before?.color !== this.color) style.setProperty("--caret", this.color);
  }
}

interface Drawn {
  readonly caret: Caret;
  readonly box: Box;
  readonly activity: Activity;
  readonly row: number;
  /** The name stands below the caret, where there is no room above. */
  readonly below: boolean;
  /** The name reaches to the left, where there is no room on the right. */
  readonly leftwards: boolean;
}

/** Someone's caret, with the name shown when it comes to a place and on hover. */
class CaretMarker implements LayerMarker {
  constructor(private readonly drawn: Drawn) {}

  eq(other: LayerMarker): boolean {
    if (!(other instanceof CaretMarker)) return false;
    const [one, two] = [this.drawn, other.drawn];
    return (
      one.caret.client === two.caret.client &&
      one.caret.color === two.caret.color &&
      one.caret.name === two.caret.name &&
      one.activity.named === two.activity.named &&
      one.activity.idle === two.activity.idle &&
      one.row === two.row &&
      one.below === two.below &&
      one.leftwards === two.leftwards &&
      sameBox(one.box, two.box)
    );
  }

  draw(): HTMLElement {
    const dom = document.createElement("div");
    dom.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    label.className = "caret-name";
    dom.append(label);
    this.show(dom, label);
    return dom;
  }

  update(dom: HTMLElement, before: LayerMarker): boolean {
    const label = dom.querySelector<HTMLElement>(".caret-name");
    if (label === null) return false;
    this.show(dom, label, before instanceof CaretMarker ? before.drawn : null);
    return true;
  }

  private show(dom: HTMLElement, label: HTMLElement, before: Drawn | null = null): void {
    const { caret, box, activity, row, below, leftwards } = this.drawn;
    placeBox(dom.style, box, before?.box);
    if (before?.caret.color !== caret.color) dom.style.setProperty("--caret", caret.color);
    if (before?.row !== row) dom.style.setProperty("--row", String(row));
    dom.className = "peer-caret";
    dom.classList.toggle("peer-named", activity.named);
    dom.classList.toggle("peer-idle", activity.idle);
    label.classList.toggle("caret-name-below", below);
    label.classList.toggle("caret-name-leftwards", leftwards);
    if (label.textContent !== caret.name) label.textContent = caret.name;
  }
}

const sameBox = (one: Box, other: Box): boolean =>
  one.left === other.left && one.top === other.top && one.right === other.right && one.bottom === other.bottom;

/** Place an element at `box`, which stands at `before` already: nothing is set that stays as it is. */
function placeBox(style: CSSStyleDeclaration, box: Box, before?: Box): void {
  const { left, top, right, bottom } = box;
  if (before?.left !== left) style.left = `${left}px`;
  if (before?.top !== top) style.top = `${top}px`;
  if (before === undefined || before.right - before.left !== right - left) style.width = `${right - left}px`;
  if (before === undefined || before.bottom - before.top !== bottom - top) style.height = `${bottom - top}px`;
}

/** What both layers measure: the frame of their coordinates, and each place only once. */
class Measure {
  readonly area: Box;
  private readonly origin: { readonly left: number; readonly top: number };
  private readonly known = new Map<number, End | null>();
  /** Whether a line runs to the left, by where it starts: asked once for all carets in it. */
  private readonly isRtl = new Map<number, boolean>();

  constructor(private readonly view: EditorView) {
    const { scrollDOM, contentDOM, viewport } = view;
    const frame = scrollDOM.getBoundingClientRect();
    this.origin = { left: frame.left - scrollDOM.scrollLeft, top: frame.top - scrollDOM.scrollTop };
    const content = contentDOM.getBoundingClientRect();
    const line = contentDOM.querySelector(".cm-line");
    const padding = line === null ? null : getComputedStyle(line);
    const px = (length: string | undefined): number => Number.parseFloat(length ?? "0") || 0;
    this.area = {
      left: content.left + px(padding?.paddingLeft) - this.origin.left,
      right: content.right - px(padding?.paddingRight) - this.origin.left,
      top: view.documentTop + view.lineBlockAt(viewport.from).top - this.origin.top,
      bottom: view.documentTop + view.lineBlockAt(viewport.to).bottom - this.origin.top,
    };
  }

  /** The box of the caret at a place that is drawn; null for others. */
  at(position: number): End | null {
    const { from, to } = this.view.viewport;
    if (position < from || position > to) return null;
    let found = this.known.get(position);
    if (found === undefined) {
      found = this.measure(position);
      this.known.set(position, found);
    }
    return found;
  }

  private measure(position: number): End | null {
    const box = this.view.coordsAtPos(position, 1);
    if (box === null) return null;
    const { left, top } = this.origin;
    const x = Math.round(box.left - left);
    return { left: x, right: x, top: box.top - top, bottom: box.bottom - top, isRtl: this.isRtlAt(position) };
  }

  private isRtlAt(position: number): boolean {
    const { from } = this.view.state.doc.lineAt(position);
    let isRtl = this.isRtl.get(from);
    if (isRtl === undefined) {
      isRtl = this.view.textDirectionAt(position) === Direction.RTL;
      this.isRtl.set(from, isRtl);
    }
    return isRtl;
  }
}

/** The measurements since the editor was last drawn. */
class Measuring {
  private known: Measure | null = null;

  constructor(private readonly view: EditorView) {}

  update(): void {
    this.known = null;
  }

  docViewUpdate(): void {
    this.known = null;
  }

  get current(): Measure {
    return (this.known ??= new Measure(this.view));
  }
}

const measuring = ViewPlugin.fromClass(Measuring);

const measureOf = (view: EditorView): Measure => view.plugin(measuring)?.current ?? new Measure(view);

const changesDrawing = (update: ViewUpdate): boolean =>
  update.docChanged ||
  update.viewportChanged ||
  update.geometryChanged ||
  update.startState.field(caretField) !== update.state.field(caretField) ||
  update.transactions.some(({ effects }) => effects.some((effect) => effect.is(passTime)));

const selectionLayer = layer({
  above: false,
  class: "peer-selections",
  update: changesDrawing,
  markers(view) {
    const carets = view.state.field(caretField).filter(({ anchor, head }) => anchor !== head);
    if (carets.length === 0) return [];
    const measure = measureOf(view);
    const { from: first, to: last } = view.viewport;
    return carets.flatMap(({ anchor, head, color }) => {
      const [from, to] = [Math.min(anchor, head), Math.max(anchor, head)];
      if (to <= first || from >= last) return [];
      return selectionBoxes(
        from <= first ? null : measure.at(from),
        to >= last ? null : measure.at(to),
        measure.area,
      ).map((box) => new SelectionMarker(box, color));
    });
  },
});

const caretLayer = layer({
  above: true,
  class: "peer-carets",
  update: changesDrawing,
  markers(view) {
    const carets = view.state.field(caretField);
    const clock = view.plugin(caretClock);
    if (carets.length === 0 || clock === null) return [];
    const measure = measureOf(view);
    const shown = carets.flatMap((caret) => {
      const box = measure.at(caret.head);
      return box === null ? [] : [{ caret, box, activity: clock.of(caret.client) }];
    });
    // Names that are seen now stand next to their carets, above them those that only hovering shows.
    shown.sort((one, other) => Number(other.activity.named) - Number(one.activity.named));
    const rows = nameRows(
      shown.map(({ caret, box }) => ({ left: box.left, top: box.top, width: nameWidth(caret.name) })),
    );
    return shown.map(
      (drawn, index) =>
        new CaretMarker({
          ...drawn,
          row: rows[index] ?? 0,
          below: drawn.box.top < 24,
          leftwards: drawn.box.left > (measure.area.left + measure.area.right) / 2,
        }),
    );
  },
});

/** How far from a caret the pointer shows its name. */
const HOVER_PX = 4;

/** The layer takes no clicks, so that one can place one's own caret at another's. */
const hovering = EditorView.domEventHandlers({
  mousemove(event, view) {
    for (const dom of view.scrollDOM.querySelectorAll<HTMLElement>(".peer-caret")) {
      const { left, top, bottom } = dom.getBoundingClientRect();
      const isNear =
        Math.abs(event.clientX - left) <= HOVER_PX && event.clientY >= top - 6 && event.clientY <= bottom;
      dom.classList.toggle("peer-hovered", isNear);
    }
    return false;
  },
});

export const remoteCarets: Extension = [caretField, caretClock, measuring, selectionLayer, caretLayer, hovering];

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
  one.place === other.place &&
  one.name === other.name &&
  one.color === other.color;
