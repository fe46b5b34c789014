/**
 * Drawings in place of their source. A frame without an origin draws them; what it returns is shown
 * as an image, in which nothing runs and nothing is loaded.
 */

import { basePath } from "../base";
import { frameMessage, type DiagramKind, type Drawing } from "../diagram/drawing";
import { words } from "../language/language";
import { DIAGRAMS } from "../markup/fences";

const PATIENCE_MS = 20_000;
const MAX_SOURCE_CHARS = 50_000;
const MAX_KEPT = 200;
const MAX_ALT_CHARS = 500;

interface Made {
  readonly address: string;
  readonly drawing: Drawing;
}

interface Waiting {
  readonly key: string;
  readonly settle: (result: Drawing | string) => void;
}

/** By kind, theme and source; the newest last. A text stands for what was wrong. */
const made = new Map<string, Made | string>();
const places = new Map<string, HTMLElement[]>();

export function drawDiagrams(element: HTMLElement): void {
  for (const place of element.querySelectorAll<HTMLElement>("pre.diagram")) {
    const kind = DIAGRAMS.find((name) => place.classList.contains(`diagram-${name}`));
    const source = place.textContent ?? "";
    if (kind === undefined || source.length > MAX_SOURCE_CHARS || place.dataset["asked"] !== undefined) continue;
    place.dataset["asked"] = "";
    show(place, kind, source);
  }
}

function show(place: HTMLElement, kind: DiagramKind, source: string): void {
  const isLight = place.closest('[data-theme="light"]') !== null;
  const dark = !isLight && matchMedia("(prefers-color-scheme: dark)").matches;
  const key = JSON.stringify([kind, dark, source]);
  const known = made.get(key);
  if (known !== undefined) return put(place, known, source);
  const waiting = places.get(key);
  if (waiting !== undefined) {
    waiting.push(place);
    return;
  }
  places.set(key, [place]);
  frame ??= new Frame();
  frame.draw({ kind, source, dark, key }, (result) => {
    const kept = typeof result === "string" ? result : { address: addressOf(result), drawing: result };
    keep(key, kept);
    for (const one of places.get(key) ?? []) put(one, kept, source);
    places.delete(key);
  });
}

const addressOf = ({ svg }: Drawing): string => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));

function keep(key: string, result: Made | string): void {
  made.set(key, result);
  for (const [oldest, old] of made) {
    if (made.size <= MAX_KEPT) break;
    made.delete(oldest);
    if (typeof old !== "string") URL.revokeObjectURL(old.address);
  }
}

function put(place: HTMLElement, result: Made | string, source: string): void {
  if (typeof result === "string") {
    const note = document.createElement("p");
    note.className = "diagram-failed";
    note.textContent = `${words().preview.diagramFailed} ${result}`;
    place.before(note);
    return;
  }
  const image = document.createElement("img");
  image.className = "drawing";
  image.src = result.address;
  image.width = result.drawing.width;
  image.height = result.drawing.height;
  image.alt = `${words().preview.diagram}: ${source.trim().slice(0, MAX_ALT_CHARS)}`;
  const figure = document.createElement("figure");
  figure.className = "figure";
  const line = place.dataset["line"];
  if (line !== undefined) figure.dataset["line"] = line;
  figure.append(image);
  place.replaceWith(figure);
}

let frame: Frame | null = null;

/** One order at a time; a frame that does not answer is thrown away. */
class Frame {
  private readonly dom = document.createElement("iframe");
  private readonly orders: { order: { kind: DiagramKind; source: string; dark: boolean }; waiting: Waiting }[] = [];
  private ready = false;
  private lastId = 0;
  private timer: number | undefined;

  constructor() {
    this.dom.className = "diagram-frame";
    this.dom.title = words().preview.diagram;
    this.dom.ariaHidden = "true";
    this.dom.tabIndex = -1;
    this.dom.setAttribute("sandbox", "allow-scripts");
    this.dom.src = `${basePath()}diagram`;
    addEventListener("message", this.received);
    document.body.append(this.dom);
  }

  draw(order: { kind: DiagramKind; source: string; dark: boolean; key: string }, settle: Waiting["settle"]): void {
    this.orders.push({ order, waiting: { key: order.key, settle } });
    if (this.orders.length === 1) this.next();
  }

  private next(): void {
    const first = this.orders[0];
    if (first === undefined) return;
    this.timer ??= window.setTimeout(() => this.fail(), PATIENCE_MS);
    if (!this.ready) return;
    const { kind, source, dark } = first.order;
    this.dom.contentWindow?.postMessage({ id: ++this.lastId, kind, source, dark }, "*");
  }

  private readonly received = (event: MessageEvent<unknown>): void => {
    if (event.source !== this.dom.contentWindow) return;
    const message = frameMessage(event.data);
    if (message === null) return;
    if ("ready" in message) {
      this.ready = true;
      this.next();
    } else if (message.id === this.lastId) this.settle("error" in message ? message.error : message.drawing);
  };

  private settle(result: Drawing | string): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.orders.shift()?.waiting.settle(result);
    this.next();
  }

  /** Whatever it is doing ends with it; the others get a frame of their own. */
  private fail(): void {
    removeEventListener("message", this.received);
    this.dom.remove();
    frame = null;
    const [stuck, ...rest] = this.orders;
    stuck?.waiting.settle(words().preview.diagramTooLong);
    if (rest.length === 0) return;
    frame ??= new Frame();
    for (const { order, waiting } of rest) frame.draw({ ...order, key: waiting.key }, waiting.settle);
  }
}
