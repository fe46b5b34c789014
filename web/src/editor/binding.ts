/**
 * Keeps a CodeMirror document and a Y.Text equal, edit by edit.
 *
 * Edits of the user become Yjs transactions whose ends lie on code-point borders (`pairs.ts`);
 * edits of others become CodeMirror changes, so selections, scroll position and input methods stay
 * where they are. Undo and redo are Yjs's and take back only what was typed here.
 */

import { normalEdits, snapToLine } from "../newlines";
import { cleanText, snapEdit, splitText, type Edit } from "../pairs";
import {
  Annotation,
  EditorSelection,
  EditorState,
  EditorView,
  Transaction,
  ViewPlugin,
  type Extension,
  type ViewUpdate,
} from "../vendor/codemirror";
import {
  type Text as SharedText,
  type Transaction as SharedTransaction,
  type YTextEvent,
} from "../vendor/yjs";
import { keepPlace } from "./anchoring";
import { undoing } from "./undo";
import { UndoSteps, type StepsConfig } from "./undosteps";

/** Marks CodeMirror transactions that bring the editor up to the Y.Text. */
export const fromShared = Annotation.define<"remote" | "undo">();

/** What an embedded object (of a rich-text editor) looks like here; it keeps positions equal. */
const OBJECT = "\ufffc";

interface Insertion {
  readonly insert: string | object;
}

/** A pasted book goes in several updates, each well below what the server takes as one message. */
const MAX_INSERT_UNITS = 50_000;

/** The text of `shared` with one character for each unit of its length. */
export function editorText(shared: SharedText): string {
  const delta = shared.toDelta() as Insertion[];
  return delta.map(({ insert }) => (typeof insert === "string" ? insert : OBJECT)).join("");
}

/**
 * Make the text of `shared` what is stored today, with line feeds alone: an ordinary edit, which
 * undoing does not take back. Only while nobody else is there: two who replace one carriage return
 * at once make two line feeds of it, and another editor may count on its own line ends.
 */
export function normalizeShared(shared: SharedText): void {
  const edits = normalEdits(editorText(shared));
  if (edits.length === 0) return;
  shared.doc?.transact(() => {
    for (const { from, to, insert } of edits) {
      shared.delete(from, to - from);
      if (insert !== "") shared.insert(from, insert);
    }
  }, normalizeShared);
}

/** Bind the editor to `shared`; the editor's document must be `editorText(shared)`. */
export function sharedText(shared: SharedText, config: StepsConfig): Extension {
  const steps = new UndoSteps(shared, config);
  const binding = ViewPlugin.define((view) => new Binding(view, shared, steps));
  return [
    // Yjs positions count every character: "\r\n" must stay two of them.
    EditorState.lineSeparator.of("\n"),
    EditorView.clipboardInputFilter.of(cleanText),
    cleanEdits,
    binding,
    undoing(steps),
  ];
}

/**
 * No edit of the user may leave half a character or a NUL, which the server would refuse, or a
 * carriage return, or come between one and its line feed.
 */
const cleanEdits = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.annotation(fromShared) !== undefined) {
    return transaction;
  }
  const before = transaction.startState.doc;
  const edits = editsOf(transaction);
  const clean = edits.map((edit) => {
    const snapped = snapToLine(unitAt(before), snapEdit(unitAt(before), edit));
    return { ...snapped, insert: cleanText(snapped.insert) };
  });
  if (clean.every((edit, index) => isSame(edit, edits[index]))) return transaction;
  const changes = transaction.startState.changes(clean);
  const last = clean[clean.length - 1];
  const cursor = last === undefined ? 0 : changes.mapPos(last.to, 1);
  const userEvent = transaction.annotation(Transaction.userEvent);
  return {
    changes,
    selection: EditorSelection.cursor(cursor),
    effects: transaction.effects,
    scrollIntoView: transaction.scrollIntoView,
    ...(userEvent === undefined ? {} : { userEvent }),
  };
});

const isSame = (one: Edit, other: Edit | undefined): boolean =>
  one.from === other?.from && one.to === other.to && one.insert === other.insert;

type DocumentText = EditorState["doc"];

const unitAt = (text: DocumentText) => (offset: number) =>
  offset < 0 || offset >= text.length ? NaN : text.sliceString(offset, offset + 1).charCodeAt(0);

function editsOf(change: { readonly changes: Transaction["changes"] }): Edit[] {
  const edits: Edit[] = [];
  change.changes.iterChanges((from, to, _fromNew, _toNew, inserted) => {
    edits.push({ from, to, insert: inserted.sliceString(0, inserted.length, "\n") });
  });
  return edits;
}

/** What one does at once is a step of its own: a paste, a drop, a replacement, a command. */
const APART = ["input.paste", "input.drop", "input.replace", "input.markup", "input.table", "move", "delete.cut", "delete.table"];

const standsApart = (transaction: Transaction): boolean =>
  APART.some((event) => transaction.isUserEvent(event));

class Binding {
  private readonly observer = (event: YTextEvent, transaction: SharedTransaction) =>
    this.follow(event, transaction);

  constructor(
    private readonly view: EditorView,
    private readonly shared: SharedText,
    private readonly steps: UndoSteps,
  ) {
    shared.observe(this.observer);
    steps.own(this);
  }

  update(update: ViewUpdate): void {
    for (const transaction of update.transactions) {
      if (transaction.docChanged && transaction.annotation(fromShared) === undefined) {
        this.write(transaction);
      }
    }
  }

  destroy(): void {
    this.shared.unobserve(this.observer);
    this.steps.dispose();
  }

  /** An edit of the user goes into the Y.Text, as one transaction unless it is very long. */
  private write(transaction: Transaction): void {
    const before = unitAt(transaction.startState.doc);
    // From the end, so that the offsets of the earlier ones still hold.
    const edits = editsOf(transaction)
      .map((edit) => snapToLine(before, snapEdit(before, edit)))
      .reverse();
    const steps = edits.flatMap((edit) => this.insertions(edit));
    const write = (): void => {
      if (edits.every(({ insert }) => insert.length <= MAX_INSERT_UNITS)) {
        this.transact(() => steps.forEach((step) => step()));
      } else {
        for (const step of steps) this.transact(step);
      }
    };
    if (standsApart(transaction)) this.steps.apart(write);
    else write();
  }

  private insertions({ from, to, insert }: Edit): (() => void)[] {
    const steps = to > from ? [() => this.shared.delete(from, to - from)] : [];
    let at = from;
    for (const piece of splitText(insert, MAX_INSERT_UNITS)) {
      const place = at;
      steps.push(() => this.shared.insert(place, piece));
      at += piece.length;
    }
    return steps;
  }

  private transact(change: () => void): void {
    this.shared.doc?.transact(change, this);
  }

  /** A change of the Y.Text that was not made here goes into the editor. */
  private follow(event: YTextEvent, transaction: SharedTransaction): void {
    if (transaction.origin === this) return;
    const undone = this.steps.isUndoing(transaction.origin);
    const changes: Edit[] = [];
    let at = 0;
    for (const step of event.delta) {
      if (step.retain !== undefined) {
        at += step.retain;
      } else if (step.insert !== undefined) {
        changes.push({ from: at, to: at, insert: insertedText(step.insert) });
      } else if (step.delete !== undefined) {
        changes.push({ from: at, to: at + step.delete, insert: "" });
        at += step.delete;
      }
    }
    if (changes.length === 0) return;
    const set = this.view.state.changes(changes);
    const last = changes[changes.length - 1];
    if (!undone) {
      const annotations = [fromShared.of("remote"), Transaction.remote.of(true)];
      keepPlace(this.view, set, () => this.view.dispatch({ changes: set, annotations }));
      return;
    }
    // What one takes back oneself is where one wants to be.
    this.view.dispatch({
      changes: set,
      annotations: fromShared.of("undo"),
      ...(last !== undefined
        ? { selection: EditorSelection.cursor(set.mapPos(last.to, 1)), scrollIntoView: true }
        : {}),
    });
  }
}

function insertedText(insert: unknown): string {
  if (typeof insert === "string") return insert;
  return Array.isArray(insert) ? OBJECT.repeat(insert.length) : OBJECT;
}
