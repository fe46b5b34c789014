/** An edit for which the document has no room is refused whole, before it becomes part of it. */

import { fits } from "../fitting";
import { EditorState, type Extension } from "../vendor/codemirror";
import { fromShared } from "./binding";

export interface RoomKeeper {
  /** The length that the document may have, in code points; null: not known. */
  maxChars(): number | null;
  /** `text` was not inserted. */
  refused(text: string): void;
}

export function keepRoom(keeper: RoomKeeper): Extension {
  return EditorState.transactionFilter.of((transaction) => {
    if (!transaction.docChanged || transaction.annotation(fromShared) !== undefined) return transaction;
    const before = transaction.startState.doc;
    if (transaction.newDoc.length <= (keeper.maxChars() ?? Infinity)) return transaction;
    const removed: string[] = [];
    const inserted: string[] = [];
    transaction.changes.iterChanges((from, to, _fromNew, _toNew, text) => {
      removed.push(before.sliceString(from, to, "\n"));
      inserted.push(text.sliceString(0, text.length, "\n"));
    });
    const change = { removed: removed.join(""), inserted: inserted.join("") };
    const text = (): string => before.sliceString(0, before.length, "\n");
    if (fits(before.length, text, change, keeper.maxChars())) return transaction;
    keeper.refused(change.inserted);
    return [];
  });
}
