/** What the app takes from Preact and its signals; its own file in the build, see `yjs.ts`. */
export { Fragment, render } from "preact";
export type { ComponentChild, ComponentChildren, JSX, RefObject } from "preact";
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
// The build refers what TSX compiles to, `preact/jsx-runtime`, to this file.
export { jsx, jsxs } from "preact/jsx-runtime";
export { batch, computed, effect, signal, useComputed, useSignal } from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";
