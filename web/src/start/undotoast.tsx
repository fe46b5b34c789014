/** What has just been done, with the way back, for a while. */

import { words } from "../language/language";
import { useEffect, useRef, useState } from "../vendor/preact";
import type { StartModel } from "./model";

const SHOWN_MS = 10_000;

export function UndoToast({ model }: { readonly model: StartModel }) {
  const toast = model.toast.value;
  const [held, setHeld] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (toast === null || held) return;
    const timer = window.setTimeout(() => (model.toast.value = null), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [toast, held]);
  const undo = toast?.undo ?? null;
  return (
    <div class="start-toasts" role="status" ref={host}>
      {toast === null ? null : (
        <div
          class="start-toast"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocusCapture={() => setHeld(true)}
          onBlurCapture={() => setHeld(false)}
        >
          <span dir="auto">{toast.words}</span>
          {undo === null ? null : (
            <button
              type="button"
              class="button"
              onClick={() => {
                model.toast.value = null;
                void undo();
              }}
            >
              {words().start.undo}
            </button>
          )}
          <button
            type="button"
            class="icon-button"
            aria-label={words().common.dismiss}
            onClick={() => (model.toast.value = null)}
          >
            ×
          </button>
        </div>
      )}
    </div>
  );
}
