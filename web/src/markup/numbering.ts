/** Ids of headings and numbers of footnotes, given out in the order of the document. Pure. */

import type { Heading } from "./outline";
import { NO_CONTEXT, type Context, type NoteUse, type Segment } from "./segment";
import { Slugs } from "./slug";

interface Note {
  readonly number: number;
  references: number;
  /** The label, or the segment and place where it is written. */
  readonly body: { readonly label: string } | { readonly segment: Segment; readonly index: number };
}

export class Numbering {
  readonly headings: Heading[] = [];
  private readonly notes: Note[] = [];
  private readonly byLabel = new Map<string, Note>();
  private readonly slugs = new Slugs();

  /** What a segment is to know, apart from the outline; segments come in their order. */
  take(segment: Segment, line: number): Context {
    if (segment.headings.length === 0 && segment.notes.length === 0) return NO_CONTEXT;
    const ids = segment.headings.map(({ level, text, line: at, slug }) => {
      const id = this.slugs.next(slug);
      this.headings.push({ level, text, line: line + at, id });
      return id;
    });
    let inPlace = 0;
    const notes = segment.notes.map((use) => {
      const note = this.noteOf(use, segment, use.label === null ? inPlace++ : 0);
      const before = note.references;
      note.references += use.count;
      return { number: note.number, before };
    });
    return { ids, notes, outline: null };
  }

  private noteOf({ label }: NoteUse, segment: Segment, index: number): Note {
    const known = label === null ? undefined : this.byLabel.get(label);
    if (known !== undefined) return known;
    const body = label === null ? { segment, index } : { label };
    const note: Note = { number: this.notes.length + 1, references: 0, body };
    this.notes.push(note);
    if (label !== null) this.byLabel.set(label, note);
    return note;
  }

  /** The section of footnotes at the end; empty if there are none. */
  notesHtml(segments: readonly Segment[]): string {
    if (this.notes.length === 0) return "";
    const bodies = new Map<string, string>();
    for (const segment of segments) {
      for (const { label, html } of segment.bodies) if (label !== null) bodies.set(label, html);
    }
    const items = this.notes.map((note) => {
      const html =
        "label" in note.body
          ? (bodies.get(note.body.label) ?? "")
          : (note.body.segment.bodies.filter(({ label }) => label === null)[note.body.index]?.html ?? "");
      return `<li id="fn${note.number}" class="footnote-item" dir="auto">${withReturns(html, note)}</li>\n`;
    });
    return `<section class="footnotes">\n<ol class="footnotes-list">\n${items.join("")}</ol>\n</section>\n`;
  }
}

const MAX_RETURNS = 20;

function withReturns(html: string, { number, references }: Note): string {
  const links = Array.from({ length: Math.min(references, MAX_RETURNS) }, (_, occurrence) => {
    return ` <a href="#${referenceId(number, occurrence)}" class="footnote-backref">↩\ufe0e</a>`;
  }).join("");
  return html.endsWith("</p>\n") ? `${html.slice(0, -"</p>\n".length)}${links}</p>\n` : `${html}${links}`;
}

/** The id of the place that refers to a note, for the `occurrence`-th time from 0. */
export const referenceId = (number: number, occurrence: number): string =>
  `fnref${number}${occurrence === 0 ? "" : `-${occurrence}`}`;
