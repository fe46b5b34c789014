/** What stands in the bar at the bottom of the page, by part. Pure. */

import { signal, type ComponentChild, type ReadonlySignal } from "../vendor/preact";

export interface StatusItem {
  /** Unique, in lower case with hyphens: `words`. */
  readonly id: string;
  readonly side: "start" | "end";
  /** Null for nothing at the moment. It may read signals. */
  readonly render: () => ComponentChild;
}

export class StatusList {
  private readonly list = signal<readonly StatusItem[]>([]);

  get items(): ReadonlySignal<readonly StatusItem[]> {
    return this.list;
  }

  /** Add an item behind those of its side; the function that is returned takes it away. */
  add(item: StatusItem): () => void {
    if (this.list.value.some(({ id }) => id === item.id)) {
      throw new Error(`there are two status items called ${item.id}`);
    }
    this.list.value = [...this.list.value, item];
    return () => {
      this.list.value = this.list.value.filter((other) => other !== item);
    };
  }
}
