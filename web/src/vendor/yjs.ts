/** What the app takes from Yjs; its own file in the build, so that app changes leave it cached. */
export {
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  relativePositionToJSON,
  applyUpdate,
  encodeStateAsUpdate,
  mergeUpdates,
  Doc,
  Text,
  UndoManager,
} from "yjs";
export type { Transaction, YTextEvent, RelativePosition } from "yjs";
export {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from "y-protocols/awareness";
export { digest as sha256 } from "lib0/hash/sha256";
