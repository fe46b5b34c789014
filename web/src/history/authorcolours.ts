/** Who wrote what, in an editor: a tint, a line below and, at the side, initials. Never by colour alone. */

import {
  Decoration,
  EditorView,
  GutterMarker,
  StateEffect,
  StateField,
  gutter,
  type ChangeDesc,
  type DecorationSet,
  type Extension,
  type StateEffect as Effect,
} from "../vendor/codemirror";
import { element } from "../dom";

/** How one person is shown. */
export interface AuthorLook {
  /** Safe to use in a style. */
  readonly color: string;
  readonly initials: string;
  readonly name: string;
  /** Which of the lines it is, from 0. */
  readonly line: number;
}

/** A part of the text, and who wrote it; `tip` is what a pointer over it says. */
export interface AuthorMark {
  readonly from: number;
  readonly to: number;
  readonly look: AuthorLook;
  readonly tip: string;
}

/** Underlines that can be told from each other without their colours. */
export const LINE_STYLES = 5;

export const setAuthors = StateEffect.define<readonly AuthorMark[] | null>({
  map: (marks, change) => marks?.map((mark) => mapped(mark, change)) ?? null,
});

const mapped = (mark: AuthorMark, change: ChangeDesc): AuthorMark => ({
  ...mark,
  from: change.mapPos(mark.from, 1),
  to: change.mapPos(mark.to, -1),
});

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setAuthors)) return decorations(effect.value ?? []);
    return shown.map(transaction.changes);
  },
  provide: (marks) => EditorView.decorations.from(marks),
});

export const authorStyle = ({ color }: AuthorLook): string => `--author: ${color}`;

export const authorClass = ({ line }: AuthorLook): string => `author author-line-${line % LINE_STYLES}`;

function decorations(marks: readonly AuthorMark[]): DecorationSet {
  return Decoration.set(
    marks
      .filter(({ from, to }) => to > from)
      .map(({ from, to, look, tip }) =>
        Decoration.mark({
          class: authorClass(look),
          attributes: { style: authorStyle(look), ...(tip === "" ? {} : { "data-tip": tip }) },
          look,
        }).range(from, to),
      ),
  );
}

class Initials extends GutterMarker {
  constructor(private readonly look: AuthorLook) {
    super();
  }

  override eq(other: Initials): boolean {
    return other.look.name === this.look.name && other.look.color === this.look.color;
  }

  override toDOM(): Node {
    const { color, initials, name } = this.look;
    const dom = element("span", { class: "author-initials", "data-tip": name }, initials);
    dom.style.setProperty("--author", color);
    return dom;
  }
}

/** At the lines where another one goes on writing than in the line before. */
const initialsGutter = gutter({
  class: "author-gutter",
  lineMarker(view, line) {
    const look = firstAuthor(view.state.field(field), line.from, line.to);
    if (look === null) return null;
    const before = line.from === 0 ? null : authorBefore(view, line.from);
    return before?.name === look.name && before.color === look.color ? null : new Initials(look);
  },
  lineMarkerChange: (update) => update.docChanged || update.startState.field(field) !== update.state.field(field),
  initialSpacer: () => new Initials({ color: "#777777", initials: "WW", name: "", line: 0 }),
});

function firstAuthor(marks: DecorationSet, from: number, to: number): AuthorLook | null {
  let found: AuthorLook | null = null;
  marks.between(from, Math.max(to, from + 1), (start, end, { spec }) => {
    if (end <= from || start > to) return;
    found = (spec as { look: AuthorLook }).look;
    return false;
  });
  return found;
}

function authorBefore(view: EditorView, lineFrom: number): AuthorLook | null {
  const line = view.state.doc.lineAt(lineFrom - 1);
  return firstAuthor(view.state.field(field), line.from, line.to);
}

export const authorColours: Extension = [field, initialsGutter];

/** The effect that shows `marks`. */
export const showAuthors = (marks: readonly AuthorMark[] | null): Effect<readonly AuthorMark[] | null> => setAuthors.of(marks);
