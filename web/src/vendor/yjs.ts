/** What the app takes from Yjs; its own file in the build, so that app changes leave it cached. */
export {
  createAbsolutePositionFromRelativePosition,
  createID,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  relativePositionToJSON,
  applyUpdate,
  decodeUpdate,
  encodeStateAsUpdate,
  mergeUpdates,
  Doc,
  Text,
  UndoManager,
  UpdateEncoderV1,
} from "yjs";
import type { UndoManager } from "yjs";
export { ContentString, Item, findIndexSS } from "yjs";
export type { Transaction, YTextEvent, RelativePosition } from "yjs";
/** One step on the stacks of an `UndoManager`; Yjs does not export its name. */
export type StepOfUndo = UndoManager["undoStack"][number];
export {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from "y-protocols/awareness";
export { digest as sha256 } from "lib0/hash/sha256";
export { writeVarUint } from "lib0/encoding";
