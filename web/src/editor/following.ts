/** The way to the others' carets: once, or wherever one of them goes. */

import { signal } from "../vendor/preact";
import { EditorView } from "../vendor/codemirror";
import { LastMoved } from "./lastmoved";
import type { Caret } from "./presence";

export class Following {
  /** Whom this window follows: the id of a user, or null. */
  readonly target = signal<string | null>(null);
  private readonly lastMoved = new LastMoved();

  constructor(private readonly view: () => EditorView | null) {}

  /** The others' carets are here now. */
  moved(carets: readonly Caret[]): void {
    this.lastMoved.note(carets);
    if (this.target.value !== null) this.jumpTo(this.target.value);
  }

  /** Show where a user is; tells whether that is known. One's own caret stays where it is. */
  jumpTo(userId: string): boolean {
    const view = this.view();
    const caret = this.lastMoved.caretOf(userId);
    if (view === null || caret === null) return false;
    view.dispatch({ effects: EditorView.scrollIntoView(caret.head, { y: "center" }) });
    return true;
  }

  follow(userId: string): void {
    this.target.value = userId;
    this.jumpTo(userId);
  }

  readonly stop = (): void => {
    this.target.value = null;
  };
}
