/**
 * The rendered pane. A change costs the blocks that differ; nothing is done while the pane is hidden,
 * and no step takes the page's thread for long.
 */

import { inEveryLanguage, words } from "../language/language";
import type { Update } from "../markup/markup";
import type { Heading } from "../markup/outline";
import { BlockList } from "./blocklist";
import type { Entry } from "./chunk";
import { decorate, type TaskBox } from "./decorate";
import { enrich, whenMoreIsLoaded } from "./enrich";
import { lineAtTop, topOfLine } from "./interpolation";
import { chunkAt, elementOfLine, lineOfElement, markersAt, markersOf } from "./place";
import { Rendering } from "./rendering";
import { ID_PREFIX } from "./sanitise";

/** The first time, the source pane is painted before. */
const FIRST_DELAY_MS = 16;
const MIN_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;
/** A megabyte is read for the preview once in two keystrokes and not with each. */
const CHARS_PER_DELAY_MS = 5_000;
/** A step of work on the page's thread; others may have work for the same frame. */
const STEP_MS = 8;
/** For the browser's tools, and `python -m bench preview`: from the end of the pause to the changed page. */
const MEASURE = "quire:preview";
const CARET_CLASS = "caret-line";

export interface PreviewEvents {
  /** A box was clicked: the task in `line` (from 0) of `text`, which is what the pane shows, is to be done or not. Returns whether it will be. */
  task?(line: number, done: boolean, text: string): boolean;
  /** A place was clicked that stands for `line`, from 0. */
  chosen?(line: number): void;
  /** The user has scrolled. */
  scrolled?(): void;
  /** Another text is shown. */
  rendered?(): void;
  outline?(headings: readonly Heading[]): void;
}

export class PreviewPane {
  readonly dom = document.createElement("div");
  /** All headings of what is shown. */
  headings: readonly Heading[] = [];

  private readonly list: BlockList;
  private readonly rendering: Rendering;
  private readonly listeners = new Set<PreviewEvents>();
  private readonly notice = document.createElement("p");
  private source: () => string = () => "";
  private shown = "";
  private timer: number | undefined;
  private costMs = 0;
  private started = 0;
  private overdue = false;
  /** Some of what is to be shown was written here. */
  private own = false;
  private working = false;
  private stale = false;
  private writable = false;
  private caret: { line: number; element: HTMLElement } | null = null;
  private goal: string | null = null;

  constructor() {
    this.dom.className = "preview-content";
    this.notice.className = "preview-notice";
    this.notice.setAttribute("role", "status");
    this.notice.hidden = true;
    const blocks = document.createElement("div");
    blocks.className = "blocks";
    this.dom.append(this.notice, blocks);
    this.list = new BlockList(blocks, (entry) => this.finish(entry));
    this.rendering = new Rendering({
      rendered: (update, whole) => this.rendered(update, whole),
      gaveUp: () => this.gaveUp(),
    });
    this.dom.addEventListener("click", (event) => this.clicked(event));
    // Comes when the pane is shown after it was hidden, too.
    new ResizeObserver(() => this.seen()).observe(this.dom);
    window.addEventListener("beforeprint", () => this.complete());
    inEveryLanguage(() => this.sayAnew());
    whenMoreIsLoaded(() => {
      for (const entry of this.list.built) entry.enriched = false;
      this.lookSoon();
    });
  }

  /** Call the listener's functions from now on; returns how to stop. */
  listen(events: PreviewEvents): () => void {
    this.listeners.add(events);
    return () => this.listeners.delete(events);
  }

  // --- what is shown ---

  /** Show what `source` returns, soon: the longer a rendering takes, the rarer it is done. */
  schedule(source: () => string, isOwn = false): void {
    this.source = source;
    this.own ||= isOwn;
    if (this.timer !== undefined) return;
    const isFirst = this.started === 0;
    const least = Math.max(2 * this.costMs, this.shown.length / CHARS_PER_DELAY_MS, isFirst ? FIRST_DELAY_MS : MIN_DELAY_MS);
    const delay = Math.min(least, MAX_DELAY_MS);
    this.timer = window.setTimeout(() => this.render(), delay);
  }

  /** Show `text` now. */
  show(text: string): void {
    this.source = () => text;
    this.render();
  }

  /** Whether tasks can be ticked here. */
  setWritable(writable: boolean): void {
    if (this.writable === writable) return;
    this.writable = writable;
    for (const entry of this.list.built) this.finish(entry);
  }

  /** What is shown is not the text as it is: other lines may stand at its places. */
  get isBehind(): boolean {
    return this.timer !== undefined || this.rendering.isBusy;
  }

  get isHidden(): boolean {
    return this.dom.offsetParent === null && this.dom.getClientRects().length === 0;
  }

  private render(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.overdue = this.isHidden;
    if (this.overdue) return;
    this.started = performance.now();
    this.shown = this.source();
    this.rendering.render(this.shown);
  }

  private rendered(update: Update, whole: boolean): void {
    this.notice.hidden = true;
    this.keepPlace(() => {
      if (whole) this.list.replaceAll(update.patches.flatMap(({ inserted }) => inserted));
      else for (const patch of update.patches) this.list.apply(patch);
    });
    this.look();
    this.work();
    this.costMs = performance.now() - this.started;
    performance.clearMeasures(MEASURE);
    performance.measure(MEASURE, { start: this.started });
    if (update.headings !== null) {
      this.headings = update.headings;
      for (const { outline } of this.listeners) outline?.(update.headings);
    }
    if (this.caret !== null) this.markLine(this.caret.line);
    if (this.goal !== null) this.goTo(this.goal);
    for (const { rendered } of this.listeners) rendered?.();
  }

  /** The first block whose start is seen stays where it is, whatever `change` puts above it. */
  private keepPlace(change: () => void): void {
    const { own } = this;
    this.own = false;
    // Who writes at the start of the text wants to see it there.
    const anchor = this.isHidden || (own && this.isAtTop) ? null : this.firstSeen();
    const id = anchor?.block.id;
    const top = anchor?.element?.getBoundingClientRect().top;
    change();
    if (anchor === null || top === undefined) return;
    const isThere = anchor.block.id === id && anchor.element?.isConnected === true;
    const now = isThere ? anchor : this.list.built.find(({ block }) => block.id === id);
    const moved = (now?.element?.getBoundingClientRect().top ?? top) - top;
    if (Math.abs(moved) >= 1) this.scroller.scrollTop += moved;
  }

  private firstSeen(): Entry | null {
    const { top, bottom } = this.view();
    const { chunks } = this.list;
    for (let index = Math.max(0, chunkAt(this.list, top)); index < chunks.length; index++) {
      for (const entry of chunks[index]?.entries ?? []) {
        const box = entry.element?.getBoundingClientRect();
        if (box !== undefined && box.height > 0 && box.top >= top) return box.top < bottom ? entry : null;
      }
    }
    return null;
  }

  private gaveUp(): void {
    this.notice.textContent = words().preview.tooComplex;
    this.notice.hidden = false;
  }

  /** What is said beside the text (notes, names for those who listen) is in another language now. */
  private sayAnew(): void {
    if (!this.notice.hidden) this.gaveUp();
    for (const chunk of this.list.chunks) chunk.expire();
    if (!this.isHidden) this.look();
    this.work();
    if (this.caret !== null) this.markLine(this.caret.line);
  }

  /** The pane may have been hidden until now, or has another width. */
  private seen(): void {
    if (this.isHidden) return;
    if (this.overdue) this.render();
    else this.lookSoon();
  }

  // --- work in steps ---

  /** Build what is not near, chunk by chunk, when there is nothing else to do. */
  private work(): void {
    if (this.working) return;
    this.working = true;
    whenIdle((hasTime) => {
      this.working = false;
      if (this.isHidden) return;
      let isMore = true;
      while (isMore && hasTime()) isMore = this.list.buildNext();
      if (isMore) this.work();
    });
  }

  private readonly lookSoon = (): void => {
    if (this.stale) return;
    this.stale = true;
    requestAnimationFrame(() => {
      this.stale = false;
      if (!this.isHidden) this.look();
    });
  };

  /** Build and enrich what is seen, and a little around it. */
  private look(): void {
    this.attendScroll();
    const { chunks } = this.list;
    const { top, bottom } = this.view();
    const margin = (bottom - top) / 2;
    for (let index = Math.max(0, chunkAt(this.list, top - margin)); index < chunks.length; index++) {
      const chunk = chunks[index];
      if (chunk === undefined || chunk.dom.getBoundingClientRect().top > bottom + margin) break;
      chunk.build();
      for (const entry of chunk.entries) this.enrich(entry, top - margin, bottom + margin);
    }
  }

  private enrich(entry: Entry, top: number, bottom: number): void {
    if (entry.enriched || entry.element === null) return;
    const box = entry.element.getBoundingClientRect();
    if (box.bottom < top || box.top > bottom) return;
    entry.enriched = true;
    enrich(entry.element);
  }

  private finish({ element }: Entry): void {
    if (element !== null) decorate(element, this.writable);
  }

  /** Build all of the document now: to print it, or to take it elsewhere. */
  complete(): void {
    if (this.overdue) this.show(this.source());
    while (this.list.buildNext());
    for (const entry of this.list.built) this.enrich(entry, -Infinity, Infinity);
  }

  // --- places ---

  private get scroller(): HTMLElement {
    return this.dom.closest<HTMLElement>(".preview") ?? document.documentElement;
  }

  private attended: HTMLElement | null = null;

  private attendScroll(): void {
    const { scroller } = this;
    if (scroller === this.attended) return;
    this.attended = scroller;
    scroller.addEventListener(
      "scroll",
      () => {
        this.lookSoon();
        for (const { scrolled } of this.listeners) scrolled?.();
      },
      { passive: true },
    );
  }

  private view(): { top: number; bottom: number } {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    return { top, bottom };
  }

  /** The source line at the top of what is seen, with fraction. */
  topLine(): number {
    const { top } = this.view();
    return lineAtTop(markersAt(this.list, top), top);
  }

  /** Bring a source line, with fraction, to the top. */
  scrollToLine(line: number): void {
    const place = this.list.placeOf(line);
    if (place === null) return;
    place.chunk.build();
    // What is around it, once seen, is of another height than was guessed.
    for (let attempt = 0; attempt < 2; attempt++) {
      this.scroller.scrollTop += topOfLine(markersOf(place), line) - this.view().top;
      this.look();
    }
  }

  get isAtTop(): boolean {
    return this.scroller.scrollTop <= 0;
  }

  get isAtBottom(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollTop + clientHeight >= scrollHeight - 1;
  }

  scrollToStart(): void {
    this.scroller.scrollTop = 0;
  }

  /** What comes into sight there is first laid out in the frames that follow, so the end moves. */
  scrollToEnd(framesLeft = 5): void {
    const { scroller } = this;
    scroller.scrollTop = scroller.scrollHeight;
    this.look();
    if (framesLeft > 0) requestAnimationFrame(() => this.scrollToEnd(framesLeft - 1));
  }

  /** Mark the part that stands for the line of the caret; null for none. */
  markLine(line: number | null): void {
    const element = line === null ? null : elementOfLine(this.list, line);
    if (this.caret?.element !== element) {
      this.caret?.element.classList.remove(CARET_CLASS);
      element?.classList.add(CARET_CLASS);
    }
    this.caret = line === null || element === null ? null : { line, element };
  }

  /** Go to the heading or anchor `id`, as soon as it is there; false if it is not yet. */
  goTo(id: string): boolean {
    this.goal = id;
    const heading = this.headings.find((found) => found.id === id);
    const anchor = (): HTMLElement | null => this.dom.querySelector(`#${CSS.escape(ID_PREFIX + id)}`);
    if (heading === undefined && anchor() === null) return false;
    this.goal = null;
    if (heading !== undefined) this.scrollToLine(heading.line);
    const target = anchor();
    if (heading === undefined) target?.scrollIntoView({ block: "start" });
    if (target !== null) {
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
    return true;
  }

  // --- clicks ---

  private clicked(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    if (target === null) return;
    const box = target.closest<TaskBox>("input.task-box");
    const link = target.closest("a");
    if (box !== null) this.tick(box);
    else if (link !== null) this.follow(link, event);
    else if (target.closest("summary, button, input") === null && getSelection()?.isCollapsed !== false) {
      const line = lineOfElement(this.list, target);
      if (line !== null) for (const { chosen } of this.listeners) chosen?.(line);
    }
  }

  private tick(box: HTMLInputElement): void {
    const line = lineOfElement(this.list, box);
    let isDone = false;
    if (line !== null) for (const { task } of this.listeners) isDone ||= task?.(line, box.checked, this.shown) ?? false;
    if (!isDone) box.checked = !box.checked;
  }

  private follow(link: HTMLAnchorElement, event: MouseEvent): void {
    const href = link.getAttribute("href") ?? "";
    if (!href.startsWith("#")) return;
    event.preventDefault();
    const id = decoded(href.slice(1));
    if (id === "") this.scroller.scrollTop = 0;
    else if (this.goTo(id) && this.headings.some((heading) => heading.id === id)) history.replaceState(history.state, "", href);
  }
}

export function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Run `work` when the page has nothing else to do, in steps that leave it time for a frame. */
function whenIdle(work: (hasTime: () => boolean) => void): void {
  if (typeof requestIdleCallback !== "function") {
    window.setTimeout(() => {
      const end = performance.now() + STEP_MS;
      work(() => performance.now() < end);
    }, 16);
    return;
  }
  requestIdleCallback(
    (idle) => {
      const end = performance.now() + STEP_MS;
      work(() => performance.now() < end && (idle.didTimeout || idle.timeRemaining() > 2));
    },
    { timeout: 1_000 },
  );
}
