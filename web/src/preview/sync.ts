/**
 * The editor and the rendered pane beside each other: the same text, the same place, the caret's line,
 * and tasks that are ticked on either side. An extension of the editor, so that all of it ends with it.
 */

import { outlineOf } from "../markup/outline";
import { currentLine, taskEdit } from "../markup/tasks";
import { isAnchored } from "../editor/anchoring";
import { EditorView, Transaction, ViewPlugin, type Extension, type ViewUpdate } from "../vendor/codemirror";
import { decoded, type PreviewPane } from "./pane";
import { syncsScroll } from "./syncsetting";

export const previewSync = (pane: PreviewPane): Extension => ViewPlugin.define((view) => new PreviewSync(view, pane));

/** What tells that the user is about to scroll a pane. */
const TOUCHED = ["pointerenter", "pointerdown", "wheel", "touchstart", "focusin", "keydown"] as const;

class PreviewSync {
  /** The pane that the user scrolls; the other one follows, and its own events mean nothing. */
  private leader: "source" | "preview" = "source";
  private following = false;
  /** There was something to follow while the pane did not show the text as it is. */
  private missed = false;
  private readonly end = new AbortController();
  private readonly stopListening: () => void;

  constructor(
    private readonly view: EditorView,
    private readonly pane: PreviewPane,
  ) {
    this.stopListening = pane.listen({
      task: (line, done, text) => this.tick(line, done, text),
      chosen: (line) => this.placeCaret(line),
      scrolled: () => {
        if (this.leader === "preview") this.followSoon();
      },
      rendered: () => {
        if (this.missed) this.followSoon();
        this.missed = false;
      },
    });
    const options = { signal: this.end.signal, passive: true };
    for (const name of TOUCHED) {
      view.dom.addEventListener(name, () => (this.leader = "source"), options);
      pane.dom.addEventListener(name, () => (this.leader = "preview"), options);
    }
    view.scrollDOM.addEventListener(
      "scroll",
      () => {
        if (this.leader === "source" && !isAnchored(view)) this.followSoon();
      },
      options,
    );
    window.addEventListener("hashchange", () => this.goToPart(), options);
    this.render(false);
    pane.setWritable(!view.state.readOnly);
    if (location.hash.length > 1) window.setTimeout(() => this.goToPart());
  }

  update(update: ViewUpdate): void {
    const edits = update.transactions.filter(({ docChanged }) => docChanged);
    if (edits.length > 0) this.render(edits.some((edit) => edit.annotation(Transaction.remote) !== true));
    if (update.docChanged || update.selectionSet) this.pane.markLine(this.caretLine(update));
    this.pane.setWritable(!update.state.readOnly);
  }

  destroy(): void {
    this.end.abort();
    this.stopListening();
    this.pane.markLine(null);
  }

  private render(isOwn: boolean): void {
    this.pane.schedule(() => this.view.state.doc.toString(), isOwn);
  }

  private caretLine({ state }: ViewUpdate): number {
    return state.doc.lineAt(state.selection.main.head).number - 1;
  }

  private get isHidden(): boolean {
    return this.view.dom.getClientRects().length === 0;
  }

  // --- scrolling ---

  private followSoon(): void {
    if (this.following || !syncsScroll.value || this.isHidden || this.pane.isHidden) return;
    this.following = true;
    requestAnimationFrame(() => {
      this.following = false;
      this.missed = this.pane.isBehind;
      if (this.missed) return; // its lines are not those of the text
      if (this.leader === "source") this.previewFollows();
      else this.sourceFollows();
    });
  }

  private previewFollows(): void {
    const { scrollDOM } = this.view;
    if (scrollDOM.scrollTop <= 0) this.pane.scrollToStart();
    else if (scrollDOM.scrollTop + scrollDOM.clientHeight >= scrollDOM.scrollHeight - 1) this.pane.scrollToEnd();
    else this.pane.scrollToLine(this.topLine());
  }

  private sourceFollows(): void {
    const { scrollDOM } = this.view;
    if (this.pane.isAtTop) scrollDOM.scrollTop = 0;
    else if (this.pane.isAtBottom) scrollDOM.scrollTop = scrollDOM.scrollHeight;
    else this.scrollTo(this.pane.topLine());
  }

  /** The line at the top of what is seen, from 0, with the fraction that is above it. */
  private topLine(): number {
    const { view } = this;
    const top = view.scrollDOM.getBoundingClientRect().top - view.documentTop;
    const block = view.lineBlockAtHeight(top);
    const fraction = block.height > 0 ? (top - block.top) / block.height : 0;
    return view.state.doc.lineAt(block.from).number - 1 + Math.min(Math.max(fraction, 0), 1);
  }

  private scrollTo(line: number): void {
    const { view } = this;
    const whole = Math.min(Math.max(Math.floor(line), 0), view.state.doc.lines - 1);
    const block = view.lineBlockAt(view.state.doc.line(whole + 1).from);
    const top = block.top + (line - whole) * block.height;
    view.scrollDOM.scrollTop += view.documentTop + top - view.scrollDOM.getBoundingClientRect().top;
  }

  /** What the address names behind `#`. */
  private goToPart(): void {
    const id = decoded(location.hash.slice(1));
    if (id === "") return;
    this.pane.goTo(id);
    const heading = outlineOf(this.view.state.doc.toString()).find((found) => found.id === id);
    if (heading === undefined) return;
    const { from } = this.view.state.doc.line(Math.min(heading.line + 1, this.view.state.doc.lines));
    this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "start" }) });
  }

  // --- what is done in the preview ---

  private placeCaret(line: number): void {
    if (this.isHidden) return;
    const { state } = this.view;
    const { from } = state.doc.line(Math.min(line + 1, state.doc.lines));
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "nearest" }) });
    if (window.matchMedia("(pointer: fine)").matches) this.view.focus();
    this.leader = "preview";
  }

  private tick(line: number, done: boolean, shown: string): boolean {
    const { state } = this.view;
    const now = state.readOnly ? null : currentLine(shown, state.doc.toString(), line);
    if (now === null || now >= state.doc.lines) return false;
    const { from, text } = state.doc.line(now + 1);
    const edit = taskEdit(text, done);
    if (edit === null) return false;
    const at = from + edit.at;
    this.view.dispatch({ changes: { from: at, to: at + 1, insert: edit.insert }, userEvent: "input.task" });
    return true;
  }
}
