/** The panels at the side of the text, of which one at most is open. Pure. */

import { signal, type ComponentChild, type ReadonlySignal } from "../vendor/preact";

export interface Panel {
  /** Unique, in lower case with hyphens: `history`. */
  readonly id: string;
  /** In the user's language, so asked for each time. */
  readonly title: () => string;
  /** What is in it, below its heading. */
  readonly render: () => ComponentChild;
  /** It is on the page from now on. */
  readonly opened?: () => void;
  readonly closed?: () => void;
}

export class PanelList {
  private readonly panels = new Map<string, Panel>();
  private readonly current = signal<Panel | null>(null);

  /** The panel that is open, or null. */
  get open(): ReadonlySignal<Panel | null> {
    return this.current;
  }

  /** Add a panel; the function that is returned closes it and takes it away. */
  add(panel: Panel): () => void {
    if (this.panels.has(panel.id)) throw new Error(`there are two panels called ${panel.id}`);
    this.panels.set(panel.id, panel);
    return () => {
      if (this.isOpen(panel.id)) this.close();
      this.panels.delete(panel.id);
    };
  }

  isOpen(id: string): boolean {
    return this.current.value?.id === id;
  }

  /** Open the panel called `id` in place of the one that is open. */
  show(id: string): void {
    const panel = this.panels.get(id);
    if (panel === undefined || this.isOpen(id)) return;
    this.close();
    this.current.value = panel;
    panel.opened?.();
  }

  close(): void {
    const before = this.current.value;
    if (before === null) return;
    this.current.value = null;
    before.closed?.();
  }

  toggle(id: string): void {
    if (this.isOpen(id)) this.close();
    else this.show(id);
  }
}
