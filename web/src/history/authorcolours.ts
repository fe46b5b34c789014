/** Who wrote what, in an editor: a tint, a line below and, at the side, initials. Never by colour alone. */

import {
  Decoration,
  EditorView,
  GutterMarker,
  StateEffect,
  StateField,
  gutter,
  type ChangeDesc,
  type ChangeSet,
  type DecorationSet,
  type Extension,
  type Range,
} from "../vendor/codemirror";
import { element } from "../dom";
import { fromShared } from "../editor/binding";

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

/** How whoever writes here is shown, so that what is typed has its author at once; null while that is not known. */
export const setOwnLook = StateEffect.define<AuthorLook | null>();

const ownLook = StateField.define<AuthorLook | null>({
  create: () => null,
  update(look, { effects }) {
    for (const effect of effects) if (effect.is(setOwnLook)) return effect.value;
    return look;
  },
});

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setAuthors)) return decorations(effect.value ?? []);
    if (!transaction.docChanged) return shown;
    const own = transaction.annotation(fromShared) === undefined ? (transaction.startState.field(ownLook, false) ?? null) : null;
    return written(shown.map(transaction.changes), transaction.changes, own);
  },
  provide: (marks) => EditorView.decorations.from(marks),
});

/** What is inserted amid somebody's text is not that person's: the mark around it is cut in two. */
function written(shown: DecorationSet, changes: ChangeSet, own: AuthorLook | null): DecorationSet {
  let marks = shown;
  changes.iterChangedRanges((_fromA, _toA, from, to) => {
    if (to === from) return;
    const add: Range<Decoration>[] = [];
    marks.between(from, to, (start, end, mark) => {
      if (start < from) add.push(mark.range(start, from));
      if (end > to) add.push(mark.range(to, end));
    });
    if (own !== null) add.push(markOf(own, own.name).range(from, to));
    marks = marks.update({ filterFrom: from, filterTo: to, filter: (start, end) => end <= from || start >= to, add, sort: true });
  });
  return marks;
}

export const authorStyle = ({ color }: AuthorLook): string => `--author: ${color}`;

export const authorClass = ({ line }: AuthorLook): string => `author author-line-${line % LINE_STYLES}`;

function decorations(marks: readonly AuthorMark[]): DecorationSet {
  return Decoration.set(
    marks
      .filter(({ from, to }) => to > from)
      .map(({ from, to, look, tip }) => markOf(look, tip).range(from, to)),
  );
}

const markOf = (look: AuthorLook, tip: string): Decoration =>
  Decoration.mark({
    class: authorClass(look),
    attributes: { style: authorStyle(look), ...(tip === "" ? {} : { "data-tip": tip }) },
    look,
  });

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

export const authorColours: Extension = [ownLook, field, initialsGutter];
