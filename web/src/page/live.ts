/** The live document on the page: session, source pane and preview kept together. */

import type { DocumentInfo } from "../api/documents";
import { remoteCarets, showCarets } from "../editor/carets";
import { editorText, fromShared, normalizeShared, sharedText } from "../editor/binding";
import { Following } from "../editor/following";
import { createEditor, type SourceEditor } from "../editor/editor";
import { keepRoom } from "../editor/limit";
import { placeOf } from "../editor/place";
import { cursorState, readCarets, type Caret } from "../editor/presence";
import { stepsOf } from "../editor/undo";
import { NextTask } from "../nexttask";
import { editBetween } from "../pairs";
import { PreviewPane } from "../preview/pane";
import { previewSync } from "../preview/sync";
import type { ReplaceReason } from "../provider/sessionevent";
import { FROM_SERVER } from "../provider/replica";
import { DocumentSession, type SessionConfig } from "../provider/session";
import { Compartment, EditorView, Transaction, type Extension, type ViewUpdate } from "../vendor/codemirror";
import type { Text } from "../vendor/yjs";
import type { CaretPlace, LineTree } from "./textcounts";

const CURSOR_DELAY_MS = 60;

export interface LiveListener {
  /** The document exists on the server: what is it? Null if that cannot be found out now. */
  describe(): Promise<DocumentInfo | null>;
  /** Connection, save state, members or role may be different. */
  changed(): void;
  textChanged(): void;
  caretMoved(): void;
  caretsMoved(carets: readonly Caret[]): void;
  /** There is an editor from now on. */
  opened(view: EditorView): void;
  /** The server's text took the place of another one, which is kept. */
  lost(reason: ReplaceReason): void;
  /** The document has no room for `text`, which was not inserted. */
  refused(text: string): void;
}

export class LiveDocument {
  readonly session: DocumentSession;
  readonly preview = new PreviewPane();

  readonly following = new Following(() => this.editor?.view ?? null);

  private editor: SourceEditor | null = null;
  private readonly binding = new Compartment();
  private cursorTimer: number | undefined;
  private cursorSent = "";
  private opening = false;
  private readonly refreshing = new NextTask(() => this.refresh());
  private drawing = false;
  private normalized = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly label: () => string,
    config: SessionConfig,
    private readonly listener: LiveListener,
    private readonly extensions: Extension = [],
  ) {
    this.session = new DocumentSession(config, {
      changed: () => this.refreshSoon(),
      replaced: (lost, reason) => this.rebind(lost, reason),
      presence: () => this.drawCaretsSoon(),
      stored: (edits, version) => {
        if (this.editor !== null) stepsOf(this.editor.view)?.stored(edits, version);
      },
      // The page of whoever is here now begins from the start.
      foreign: () => location.reload(),
    });
  }

  /** The text as it is here, or nothing while the document is being opened. */
  get text(): string {
    return this.editor === null ? "" : this.session.replica.text.toString();
  }

  /** The start of it. */
  head(maxUnits: number): string {
    return this.editor?.view.state.doc.sliceString(0, maxUnits) ?? "";
  }

  /** The same by lines, or null while the document is being opened. */
  get lines(): LineTree | null {
    return this.editor?.view.state.doc ?? null;
  }

  /** The editor, or null while the document is being opened. */
  get editorView(): EditorView | null {
    return this.editor?.view ?? null;
  }

  /** Where the caret is, or null while the document is being opened. */
  get caretPlace(): CaretPlace | null {
    return this.editor === null ? null : placeOf(this.editor.view.state);
  }

  focus(): void {
    this.editor?.view.focus();
  }

  /** Put the caret at the start of a line, from 0, and show it at the top. */
  goTo(line: number): void {
    const view = this.editor?.view;
    if (view === undefined) return;
    const { from } = view.state.doc.line(Math.min(line + 1, view.state.doc.lines));
    view.dispatch({
      selection: { anchor: from },
      effects: EditorView.scrollIntoView(from, { y: "start", yMargin: 16 }),
    });
    view.focus();
  }

  /** Events of the session come in the midst of editor updates, which must end first. */
  private refreshSoon(): void {
    this.refreshing.ask();
  }

  private refresh(): void {
    if (!this.opening && this.session.view().loaded) void this.open();
    this.editor?.setWritable(this.session.writable);
    this.normalizeAlone();
    this.listener.changed();
  }

  /** An old text gets today's line ends once somebody may write it, and is alone with it. */
  private normalizeAlone(): void {
    if (this.normalized || this.editor === null || !this.session.writable) return;
    if (this.session.view().members.length !== 1) return;
    this.normalized = true;
    normalizeShared(this.session.replica.text);
  }

  private async open(): Promise<void> {
    this.opening = true;
    // What this device has is shown at once, and without a network; and so is a text that can be no other one.
    if (this.session.isRestored || this.session.replica.hasOneText) void this.followRoot();
    else {
      const info = this.session.view().absent ? null : await this.listener.describe();
      if (info !== null && info.textRoot !== "") this.session.setRoot(info.textRoot);
    }
    // Reading a large state has taken a while, and so does making an editor: a task of the page for each.
    await new Promise((resolve) => window.setTimeout(resolve));
    this.createEditor();
    this.refresh();
  }

  // An empty pane that can be typed into must never stand for a document that is still loading.
  private createEditor(): void {
    const { text } = this.session.replica;
    this.host.replaceChildren();
    this.editor = createEditor(this.host, editorText(text), this.label, [
      this.binding.of(this.bind(text)),
      keepRoom({
        maxChars: () => this.session.view().maxChars,
        refused: (refused) => this.listener.refused(refused),
      }),
      remoteCarets,
      this.extensions,
      EditorView.updateListener.of((update) => this.updated(update)),
      previewSync(this.preview),
    ]);
    this.drawCaretsSoon();
    this.publishCursorSoon();
    this.listener.opened(this.editor.view);
    this.listener.textChanged();
    this.listener.caretMoved();
    // Whoever has begun something else while it was loading is not interrupted.
    if (document.activeElement === document.body) this.editor.view.focus();
  }

  private bind(text: Text): Extension {
    return sharedText(text, {
      serverOrigin: FROM_SERVER,
      version: () => this.session.view().version,
      edits: () => this.session.editsMade,
      applying: () => this.session.replica.applying,
      isPeer: (client) => this.session.awareness.getStates().has(client),
    });
  }

  /**
   * Have the server bring a version back; what that changes here is one undo step of this user.
   *
   * @param restore returns the version that brings it back
   */
  async restore(restore: () => Promise<number>): Promise<void> {
    const steps = this.editor === null ? null : stepsOf(this.editor.view);
    steps?.expectRestore();
    let version: number | null = null;
    try {
      version = await restore();
    } finally {
      steps?.restoredBy(version);
    }
  }

  private rebind(lost: string | null, reason: ReplaceReason): void {
    this.showText();
    if (lost !== null) this.listener.lost(reason);
    void this.followRoot();
  }

  /** Another editor may have decided meanwhile which root holds the text. */
  private async followRoot(): Promise<void> {
    const info = await this.listener.describe();
    const root = info?.textRoot ?? "";
    if (root === "" || root === this.session.textRoot) return;
    this.session.setRoot(root);
    this.showText();
  }

  private showText(): void {
    const view = this.editor?.view;
    const { text } = this.session.replica;
    if (view !== undefined) {
      // Only what differs, so that the reader keeps the place.
      const edit = editBetween(view.state.doc.toString(), editorText(text));
      view.dispatch({
        ...(edit === null ? {} : { changes: edit }),
        annotations: [fromShared.of("remote"), Transaction.remote.of(true)],
        effects: this.binding.reconfigure(this.bind(text)),
      });
      this.cursorSent = "";
      this.publishCursorSoon();
    }
  }

  private updated(update: ViewUpdate): void {
    if (update.docChanged) {
      this.listener.textChanged();
      if (update.transactions.some((transaction) => transaction.annotation(fromShared))) {
        this.drawCaretsSoon(); // a cursor may have waited for the text that it points into
      }
    }
    if (update.selectionSet || update.docChanged) {
      this.publishCursorSoon();
      this.listener.caretMoved();
    }
  }

  // --- cursors ---

  private publishCursorSoon(): void {
    this.cursorTimer ??= window.setTimeout(() => {
      this.cursorTimer = undefined;
      this.publishCursor();
    }, CURSOR_DELAY_MS);
  }

  private publishCursor(): void {
    if (this.editor === null) return;
    const { anchor, head } = this.editor.view.state.selection.main;
    const cursor = cursorState(this.session.replica.text, anchor, head);
    const sent = JSON.stringify(cursor);
    if (sent === this.cursorSent) return;
    this.cursorSent = sent;
    this.session.awareness.setLocalStateField("cursor", cursor);
  }

  private drawCaretsSoon(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      if (this.editor === null) return;
      const { awareness, replica } = this.session;
      const carets = readCarets(awareness.getStates(), awareness.clientID, replica.text);
      showCarets(this.editor.view, carets);
      this.following.moved(carets);
      this.listener.caretsMoved(carets);
    });
  }
}
