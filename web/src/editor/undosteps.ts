/**
 * The undo steps of one user in one text. Yjs records and takes back; what counts as a step, and
 * which step is still worth taking back, is decided here. No DOM, no timer.
 *
 *     idle ──── expectRestore ───▶ gathering: each change from the server is a step, tentatively
 *      ▲                              │
 *      └── the version is here, ──────┘  the change that brought it stays a step, the others go
 *          or the restore failed
 */

import { Item, UndoManager, findIndexSS, type StepOfUndo, type Text, type Transaction } from "../vendor/yjs";
import { Crossing } from "./crossing";
import { isBackAlready, type StateVector, type Writer } from "./revival";

/** What is typed with shorter pauses than this is one step. */
const PAUSE_MS = 500;

export interface StepsConfig {
  /** Origin of the changes that come from the server. */
  readonly serverOrigin: unknown;
  /** The version that the text is at, while a change from the server is being applied and after. */
  readonly version: () => number;
  readonly isPeer: (client: number) => boolean;
  /** How many edits this user has made. */
  readonly edits: () => number;
  /** The update from the server that is being applied, or null. */
  readonly applying: () => Uint8Array | null;
}

interface Gathered {
  readonly step: StepOfUndo;
  readonly after: number;
  readonly upTo: number;
}

interface Revived {
  readonly now: { readonly client: number; readonly clock: number };
  readonly length: number;
  readonly first: { readonly client: number; readonly clock: number };
}

export class UndoSteps {
  private readonly manager: UndoManager;
  private readonly recorded = new WeakMap<StepOfUndo, StateVector>();
  private gathered: Gathered[] | null = null;
  private knownVersion = 0;
  private restored: number | null = null;
  /** What was revived here, by the clock that it has now: it is text of whoever wrote it first. */
  private readonly revived: Revived[] = [];
  private readonly crossing: Crossing;
  /** What an undo or redo that has just been made would be taken back by. */
  private taken: StepOfUndo | null = null;

  constructor(
    private readonly text: Text,
    private readonly config: StepsConfig,
  ) {
    this.manager = new UndoManager(text, {
      captureTimeout: PAUSE_MS,
      captureTransaction: (transaction) => this.begins(transaction),
    });
    const everything = new Map<number, number>();
    this.crossing = new Crossing(text, {
      writer: (client, clock) => this.writerOf(client, clock, everything),
      gaveWay: (step) => this.forget(step),
    });
    this.manager.on("stack-item-added", ({ stackItem, origin }) => this.added(stackItem, origin));
    this.manager.on("stack-item-updated", ({ stackItem }) => this.stamp(stackItem));
    // Behind the manager's own listener, which has recorded the change by then.
    text.doc?.on("afterTransaction", this.afterTransaction);
  }

  /** Changes of this origin are the user's. */
  own(origin: unknown): void {
    this.manager.addTrackedOrigin(origin);
  }

  isUndoing(origin: unknown): boolean {
    return origin === this.manager;
  }

  undo(): void {
    this.take(this.manager.undoStack, () => this.manager.undo());
  }

  redo(): void {
    this.take(this.manager.redoStack, () => this.manager.redo());
  }

  get canUndo(): boolean {
    return this.manager.canUndo();
  }

  get canRedo(): boolean {
    return this.manager.canRedo();
  }

  /** All that `change` does is one step, and nothing else belongs to it. */
  apart(change: () => void): void {
    const { captureTimeout } = this.manager;
    this.manager.stopCapturing();
    this.manager.captureTimeout = Infinity;
    try {
      change();
    } finally {
      this.manager.captureTimeout = captureTimeout;
      this.manager.stopCapturing();
    }
  }

  dispose(): void {
    this.text.doc?.off("afterTransaction", this.afterTransaction);
    this.manager.destroy();
  }

  // --- a restore of this user, which the server carries out ---

  /** A restore has been asked for: what comes from now on may be it. */
  expectRestore(): void {
    this.gathered = [];
    this.restored = null;
    this.knownVersion = this.config.version();
    this.manager.addTrackedOrigin(this.config.serverOrigin);
  }

  /** The restore is `version`, which may or may not have come; null: it failed. */
  restoredBy(version: number | null): void {
    if (this.gathered === null) return;
    this.restored = version;
    if (version === null || this.config.version() >= version) this.settle();
  }

  /** The server has the first `edits` edits of this user, the last of them as `version`. */
  stored(edits: number, version: number): void {
    this.crossing.stored(edits, version, this.config.version());
  }

  private readonly afterTransaction = (transaction: Transaction): void => {
    if (!this.isFromServer(transaction.origin)) return;
    this.crossing.arrived(transaction, this.config.applying(), this.config.version());
    if (this.gathered === null) return;
    this.knownVersion = this.config.version();
    if (this.restored !== null && this.knownVersion >= this.restored) this.settle();
  };

  private settle(): void {
    const { gathered, restored } = this;
    this.gathered = null;
    this.manager.removeTrackedOrigin(this.config.serverOrigin);
    if (gathered === null) return;
    const others = new Set<StepOfUndo>();
    for (const { step, after, upTo } of gathered) {
      if (restored === null || restored <= after || restored > upTo) others.add(step);
    }
    this.manager.undoStack = this.manager.undoStack.filter((step) => !others.has(step));
  }

  // --- recording ---

  private begins(transaction: Transaction): boolean {
    if (this.isFromServer(transaction.origin)) this.manager.stopCapturing();
    return true;
  }

  private added(step: StepOfUndo, origin: unknown): void {
    this.stamp(step);
    if (this.isUndoing(origin)) this.taken = step;
    if (this.gathered === null || !this.isFromServer(origin)) return;
    this.manager.stopCapturing();
    this.gathered.push({ step, after: this.knownVersion, upTo: this.config.version() });
  }

  private isFromServer(origin: unknown): boolean {
    return origin === this.config.serverOrigin;
  }

  private stamp(step: StepOfUndo): void {
    const state = new Map<number, number>();
    for (const [client, structs] of this.text.doc?.store.clients ?? []) {
      const last = structs[structs.length - 1];
      if (last !== undefined) state.set(client, last.id.clock + last.length);
    }
    this.recorded.set(step, state);
  }

  /** Take the newest step back that still does something, and would give nothing twice. */
  private take(stack: StepOfUndo[], run: () => StepOfUndo | null): void {
    for (let step = stack[stack.length - 1]; step !== undefined; step = stack[stack.length - 1]) {
      if (this.isBack(step)) {
        stack.pop();
        continue;
      }
      // Alone, because Yjs goes on to the step before by itself when one does nothing.
      const earlier = stack.splice(0, stack.length - 1);
      const taken = run();
      this.noteRevived(step);
      if (this.taken !== null) this.crossing.taken(this.taken, this.config.edits(), this.config.version());
      this.taken = null;
      stack.unshift(...earlier);
      if (taken !== null) return;
    }
  }

  private forget(step: StepOfUndo): void {
    this.manager.undoStack = this.manager.undoStack.filter((other) => other !== step);
    this.manager.redoStack = this.manager.redoStack.filter((other) => other !== step);
  }

  private noteRevived({ deletions }: StepOfUndo): void {
    for (const [client, ranges] of deletions.clients) {
      const structs = this.text.doc?.store.clients.get(client) ?? [];
      for (const { clock, len } of ranges) {
        for (let index = findIndexSS(structs, clock); index < structs.length; index++) {
          const item = structs[index];
          if (item === undefined || item.id.clock >= clock + len) break;
          if (item instanceof Item && item.redone !== null) {
            this.revived.push({ now: item.redone, length: item.length, first: item.id });
          }
        }
      }
    }
  }

  /** Whoever wrote it first; oneself, too, if it was there already at `since` and only came back. */
  private writerOf(client: number, clock: number, since: StateVector): Writer {
    const found = this.revived.find(
      ({ now, length }) => now.client === client && clock >= now.clock && clock < now.clock + length,
    );
    if (found !== undefined) {
      const first = found.first.clock + clock - found.now.clock;
      const isKnown = first < (since.get(found.first.client) ?? 0);
      return isKnown ? "self" : this.writerOf(found.first.client, first, since);
    }
    if (client === this.text.doc?.clientID) return "self";
    return this.config.isPeer(client) ? "peer" : "program";
  }

  private isBack(step: StepOfUndo): boolean {
    const since = this.recorded.get(step) ?? new Map<number, number>();
    return isBackAlready(this.text, step, since, (client, clock) => this.writerOf(client, clock, since));
  }
}
