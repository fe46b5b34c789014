/** This tab's Yjs document. The only module that creates one, and no DOM in it. */

import { insertedText } from "../device/salvage";
import {
  Doc,
  applyUpdate,
  encodeStateAsUpdate,
  sha256,
  type Text,
  type Transaction,
} from "../vendor/yjs";

/** Origin of what came from the server; everything else in the replica is the user's. */
export const FROM_SERVER = Symbol("from server");

export class Replica {
  readonly doc = new Doc();
  /** The update from the server that is being applied, or null. */
  applying: Uint8Array | null = null;

  /**
   * @param root name of the shared type that holds the text; `text` is another one once it is set
   * @param onEdit called with each transaction of the user, as one Yjs update
   */
  constructor(
    public root: string,
    onEdit: (update: Uint8Array) => void,
  ) {
    this.doc.on("update", (update: Uint8Array, origin: unknown, _doc: Doc, _tr: Transaction) => {
      if (origin !== FROM_SERVER) onEdit(update);
    });
  }

  get text(): Text {
    return this.doc.getText(this.root);
  }

  /** There is a text, and no other shared type that might be the document's. */
  get hasOneText(): boolean {
    return this.text.length > 0 && this.doc.share.size === 1;
  }

  /** The text, and behind it the words of `edits` if what they build on has never come. */
  textWith(edits: readonly Uint8Array[]): string {
    const text = this.text.toString();
    return this.doc.store.pendingStructs === null ? text : `${text}\n${insertedText(edits)}`;
  }

  apply(update: Uint8Array): void {
    this.applying = update;
    try {
      applyUpdate(this.doc, update, FROM_SERVER);
    } finally {
      this.applying = null;
    }
  }

  /** Several at once, so that who observes the text sees one change. */
  applyAll(updates: readonly Uint8Array[]): void {
    this.doc.transact(() => updates.forEach((update) => this.apply(update)), FROM_SERVER);
  }

  encodeState(): Uint8Array {
    return encodeStateAsUpdate(this.doc);
  }

  encodeSince(stateVector: Uint8Array): Uint8Array {
    return encodeStateAsUpdate(this.doc, stateVector);
  }

  /** SHA-256 of the text in UTF-8, hex. In script, because `crypto.subtle` needs a secure origin. */
  hash(): string {
    const digest = sha256(new TextEncoder().encode(this.text.toString()));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** What is written from now on belongs to a CRDT client id that was never used. */
  authorAnew(): void {
    this.doc.clientID = new Doc().clientID;
  }

  destroy(): void {
    this.doc.destroy();
  }
}
