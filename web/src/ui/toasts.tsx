/** The short messages at the bottom of the page, which are also read aloud. */

import { words } from "../language/language";
import { useEffect, useState } from "../vendor/preact";
import { Icon } from "./icon";
import type { ToastList } from "./toastlist";

export function Toasts({ list }: { readonly list: ToastList }) {
  const toasts = list.shown.value;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    let timer: number | undefined;
    const expire = (): void => {
      const next = list.expire(performance.now());
      if (next !== null) timer = window.setTimeout(expire, Math.max(50, next - performance.now()));
    };
    expire();
    return () => window.clearTimeout(timer);
  }, [toasts, held]);
  return (
    <div
      class="toasts"
      role="status"
      aria-live="polite"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocusIn={() => setHeld(true)}
      onFocusOut={() => setHeld(false)}
    >
      {toasts.map(({ id, words: said, action }) => (
        <div key={id} class="toast">
          <span class="toast-words" dir="auto">{said}</span>
          {action === null ? null : (
            <>
              <button
                type="button"
                class="toast-action"
                onClick={() => {
                  list.dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </button>
              <button
                type="button"
                class="toast-close"
                aria-label={words().common.dismiss}
                onClick={() => list.dismiss(id)}
              >
                <Icon name="close" size={16} />
              </button>
            </>
          )}
        </div>
      ))}
    </div>
  );
}
