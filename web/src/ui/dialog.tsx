/** A modal dialog: the browser's own, which keeps the focus inside and gives it back. */

import { words } from "../language/language";
import { useId, useLayoutEffect, useRef, type ComponentChildren } from "../vendor/preact";
import { Icon } from "./icon";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Without a heading that is seen, as for a palette. */
  readonly bare?: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, bare = false, class: className = "", children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${className}`}
      {...(bare ? { "aria-label": title } : { "aria-labelledby": heading })}
      onClose={onClose}
      // The backdrop belongs to the dialog; what is in it is in `dialog-body`.
      onPointerDown={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog-body">
        {bare ? null : (
          <header class="dialog-header">
            <h2 id={heading}>{title}</h2>
            <button
              type="button"
              class="icon-button"
              aria-label={words().common.close}
              onClick={() => dialog.current?.close()}
            >
              <Icon name="close" />
            </button>
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}
