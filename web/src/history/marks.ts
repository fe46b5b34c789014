/** The changes of an old version, marked in its source: added text underlined, removed text struck. */

import { words } from "../language/language";
import {
  Decoration,
  EditorView,
  StateEffect,
  StateField,
  WidgetType,
  type DecorationSet,
  type Extension,
} from "../vendor/codemirror";
import { element } from "../dom";
import { shownRemoved, type Change } from "./comparison";

class Removed extends WidgetType {
  constructor(
    private readonly text: string,
    private readonly isCurrent: boolean,
  ) {
    super();
  }

  override eq(other: Removed): boolean {
    return other.text === this.text && other.isCurrent === this.isCurrent;
  }

  override toDOM(): HTMLElement {
    const { text, hidden } = shownRemoved(this.text);
    const more = hidden === 0 ? null : element("span", { class: "diff-more" }, words().history.moreRemoved(hidden));
    return element(
      "del",
      { class: this.isCurrent ? "diff-removed diff-current" : "diff-removed" },
      text,
      more,
    );
  }
}

interface Marks {
  readonly changes: readonly Change[];
  readonly current: number | null;
}

const setMarks = StateEffect.define<Marks>();

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, { effects }) {
    for (const effect of effects) if (effect.is(setMarks)) return decorations(effect.value);
    return shown;
  },
  provide: (marks) => EditorView.decorations.from(marks),
});

export const diffMarks: Extension = field;

function decorations({ changes, current }: Marks): DecorationSet {
  return Decoration.set(
    changes.flatMap(({ from, to, removed }, index) => {
      const isCurrent = index === current;
      const added = Decoration.mark({ tagName: "ins", class: isCurrent ? "diff-added diff-current" : "diff-added" });
      const gone = Decoration.widget({ widget: new Removed(removed, isCurrent), side: -1 });
      return [...(removed === "" ? [] : [gone.range(from)]), ...(to > from ? [added.range(from, to)] : [])];
    }),
  );
}

/** Mark `changes` in `view`, and bring the one at `current`, if any, to its middle. */
export function markChanges(view: EditorView, changes: readonly Change[], current: number | null): void {
  const change = current === null ? undefined : changes[current];
  view.dispatch({
    effects: [
      setMarks.of({ changes, current }),
      ...(change === undefined ? [] : [EditorView.scrollIntoView(change.from, { y: "center" })]),
    ],
  });
}
