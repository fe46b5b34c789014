/** The panel that is open at the side of the text. It takes the focus, and gives it back. */

import { words } from "../language/language";
import { Icon } from "../ui/icon";
import { useId, useLayoutEffect, useRef } from "../vendor/preact";
import type { Panel, PanelList } from "./panel";

export function SidePanel({ panels }: { readonly panels: PanelList }) {
  const panel = panels.open.value;
  if (panel === null) return null;
  return <OpenPanel key={panel.id} panel={panel} onClose={() => panels.close()} />;
}

function OpenPanel({ panel, onClose }: { readonly panel: Panel; readonly onClose: () => void }) {
  const heading = useId();
  const aside = useRef<HTMLElement>(null);
  const close = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    close.current?.focus();
    return () => {
      const hasFocus = aside.current?.contains(document.activeElement) === true;
      if (hasFocus && opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <aside ref={aside} class="side-panel" aria-labelledby={heading}>
      <header class="side-panel-header">
        <h2 id={heading}>{panel.title()}</h2>
        <button
          ref={close}
          type="button"
          class="icon-button"
          aria-label={words().page.closePanel(panel.title())}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      {panel.render()}
    </aside>
  );
}
