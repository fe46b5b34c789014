/** The dialog that lies over the page, of which there is one at most. Pure. */

import { signal, type ComponentChild, type ReadonlySignal } from "../vendor/preact";

export type RenderDialog = (close: () => void) => ComponentChild;

export class DialogHost {
  private readonly current = signal<RenderDialog | null>(null);

  get shown(): ReadonlySignal<RenderDialog | null> {
    return this.current;
  }

  /** Show a dialog in place of the one that is there; `render` is given what closes it. */
  show(render: RenderDialog): void {
    this.current.value = render;
  }

  readonly close = (): void => {
    this.current.value = null;
  };
}
