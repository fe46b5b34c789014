/**
 * The life of a document: each event as columns of numbers, and from them the text and its authors at any
 * event. What is kept beside the columns is the text at some of the events, as pieces; the one asked for is
 * some steps from there. Pure.
 */

import { Column } from "./growing";
import { InsertedText } from "./inserted";
import type { MergedRange } from "./missing";
import { PieceText, type Pieces } from "./piecetext";
import type { Actor } from "./sitting";

/** Whoever wrote, and through which door: see `sync/event_origin.py`. */
export interface PlaybackWriter {
  readonly actor: Actor;
  readonly color: string;
  readonly origin: string;
}

/** A change within one event: so many characters kept, then some deleted, then some inserted. */
export type PlaybackSpan = readonly [retain: number, deleted: number, inserted: number];

/** Some events of a document, all after `from` and up to `to`, as the server answers them. */
export interface PlaybackPage {
  readonly from: number;
  readonly to: number;
  readonly head: number;
  readonly writers: readonly PlaybackWriter[];
  /** The index of the writer of each event, as runs of an index and a count. */
  readonly writer: readonly (readonly [index: number, count: number])[];
  /** Milliseconds since 1970 of the first event, then from each to the next. */
  readonly at: readonly number[];
  readonly ops: readonly (readonly PlaybackSpan[])[];
  /** All that the events inserted. */
  readonly text: string;
  /** The events that stand for several by now. */
  readonly merged: readonly MergedRange[];
}

/** Some characters (UTF-16 units) that one person wrote, the last of them at `version`. */
export interface AuthoredSpan {
  readonly units: number;
  readonly person: number;
}

/** Some characters (code points) of a text, and the id of who wrote them first. */
export interface FirstAuthor {
  readonly length: number;
  readonly actor: string;
}

/** What one event inserted, by who wrote it first: where each part ends among all inserted text, and whose it is. */
interface Parts {
  readonly ends: readonly number[];
  readonly people: readonly number[];
}

/** Where an event changed the text: a place in the text after it, in UTF-16 units. */
export interface ChangedPlace {
  readonly from: number;
  readonly to: number;
}

const FIRST_STEP = 512;
/** What all kept texts may have together: 16 MB. Above that every other one is forgotten. */
const MAX_KEPT_PIECES = 2_000_000;

/** What restores brought back may have together: 8 MB. */
const MAX_RESTORED_PIECES = 1_000_000;

interface Reached {
  version: number;
  text: PieceText;
}

export class Life {
  /** Everybody who wrote, in the order in which they came. */
  readonly people: PlaybackWriter[] = [];
  private readonly times = new Column();
  private readonly origins: string[] = [];
  private readonly origin = new Column();
  private readonly person = new Column();
  /** Where the spans of each event end among all spans, and what it inserted among all inserted text. */
  private readonly spanEnds = new Column();
  private readonly insertedEnds = new Column();
  private readonly spans = new Column();
  private readonly inserted = new InsertedText();
  private readonly peopleById = new Map<string, number>();
  /** The kept texts, by version: at every `step` events. */
  private kept = new Map<number, Pieces>([[0, new Int32Array(0)]]);
  private keptPieces = 0;
  /** The pieces that restores brought back, by the version that they made; null where they made another text. */
  private readonly restored = new Map<number, Pieces | null>();
  private restoredCount = 0;
  /** Of events that brought others' text back, by their index. */
  private readonly returned = new Map<number, Parts>();
  private step = FIRST_STEP;
  private end: Reached = { version: 0, text: new PieceText() };
  private current: Reached = { version: 0, text: new PieceText() };

  /**
   * @param restoredBy says which version an event brought back, or null: its text keeps its first authors
   * @param authorsAfter says who first wrote the text after an event that took others back, or null
   */
  constructor(
    private readonly restoredBy: (version: number) => number | null = () => null,
    private readonly maxKeptPieces = MAX_KEPT_PIECES,
    private readonly authorsAfter: (version: number) => readonly FirstAuthor[] | null = () => null,
  ) {}

  /** The newest event that is here. */
  get loaded(): number {
    return this.times.length;
  }

  /** Events from one kept text to the next. */
  get keptEvery(): number {
    return this.step;
  }

  /** Take the page that follows what is here; another one, as after a return, is left alone. */
  append(page: PlaybackPage): boolean {
    if (page.from !== this.loaded || page.ops.length === 0) return false;
    const people = page.writers.map((writer) => this.personOf(writer));
    const origins = page.writers.map(({ origin }) => this.originOf(origin));
    const writers = page.writer.flatMap(([index, count]) => Array<number>(count).fill(index));
    let at = 0;
    this.inserted.append(page.text);
    page.ops.forEach((spans, index) => {
      at += page.at[index] ?? 0;
      this.times.push(at);
      this.person.push(people[writers[index] ?? 0] ?? 0);
      this.origin.push(origins[writers[index] ?? 0] ?? 0);
      let inserted = this.insertedEnds.last;
      for (const span of spans) {
        for (const value of span) this.spans.push(value);
        inserted += span[2];
      }
      this.spanEnds.push(this.spans.length);
      this.insertedEnds.push(inserted);
      const authors = this.authorsAfter(this.times.length);
      if (authors !== null) this.returned.set(this.times.length - 1, this.partsOf(this.times.length - 1, authors, spans));
      this.advance(this.end);
      if (this.end.version % this.step === 0) this.keep(this.end);
    });
    return true;
  }

  /** Milliseconds since 1970. */
  timeOf(version: number): number {
    return this.times.at(version - 1);
  }

  /** Who wrote an event: an index of `people`. */
  personAt(version: number): number {
    return this.person.at(version - 1);
  }

  originAt(version: number): string {
    return this.origins[this.origin.at(version - 1)] ?? "";
  }

  /** The first version that was made after `at`, or one more than there are. */
  firstAfter(at: number): number {
    return this.times.above(at) + 1;
  }

  textAt(version: number): string {
    return this.textOf(this.piecesAt(version));
  }

  private textOf(pieces: Pieces): string {
    const parts: string[] = [];
    for (let index = 0; index < pieces.length; index += 2) {
      parts.push(this.inserted.slice(pieces[index] ?? 0, pieces[index + 1] ?? 0));
    }
    return parts.join("");
  }

  /** Who wrote what of the text at `version`; neighbours of one person are one. */
  authorsAt(version: number): AuthoredSpan[] {
    const found: { units: number; person: number }[] = [];
    const pieces = this.piecesAt(version);
    for (let index = 0; index < pieces.length; index += 2) {
      let from = pieces[index] ?? 0;
      const end = from + (pieces[index + 1] ?? 0);
      for (let event = this.insertedEnds.above(from); from < end; event++) {
        const { person, upto } = this.writerAt(event, from);
        const to = Math.min(end, upto);
        const units = this.inserted.units(from, to - from);
        const last = found[found.length - 1];
        if (last?.person === person) last.units += units;
        else if (units > 0) found.push({ units, person });
        from = to;
        if (from < this.insertedEnds.at(event)) event--;
      }
    }
    return found;
  }

  /** Who wrote the character at `at` of all inserted text, which `event` inserted, and up to where. */
  private writerAt(event: number, at: number): { readonly person: number; readonly upto: number } {
    const parts = this.returned.get(event);
    const index = parts?.ends.findIndex((end) => end > at) ?? -1;
    const [person, upto] = [parts?.people[index], parts?.ends[index]];
    return person === undefined || upto === undefined ? { person: this.person.at(event), upto: this.insertedEnds.at(event) } : { person, upto };
  }

  /** The parts of what an event inserted, from who first wrote what of the text after it. */
  private partsOf(event: number, authors: readonly FirstAuthor[], spans: readonly PlaybackSpan[]): Parts {
    const [ends, people]: [number[], number[]] = [[], []];
    const own = this.person.at(event);
    let begin = this.insertedEnds.at(event - 1);
    let [index, left] = [0, authors[0]?.length ?? 0];
    const pass = (length: number, isInserted: boolean): void => {
      for (let rest = length; rest > 0; ) {
        const author = authors[index];
        const taken = author === undefined ? rest : Math.min(rest, left);
        if (isInserted) {
          ends.push((begin += taken));
          people.push(this.peopleById.get(author?.actor ?? "") ?? own);
        }
        [rest, left] = [rest - taken, left - taken];
        if (left === 0) left = authors[++index]?.length ?? 0;
      }
    };
    for (const [retain, , inserted] of spans) {
      pass(retain, false);
      pass(inserted, true);
    }
    return { ends, people };
  }

  /** Where the text at `version` differs from the one before; null where it does not. */
  placeOf(version: number): ChangedPlace | null {
    const [first, end] = [this.spanEnds.at(version - 2), this.spanEnds.at(version - 1)];
    if (version < 1 || version > this.loaded || first === end) return null;
    let [at, from, to] = [0, -1, 0];
    for (let span = first; span < end; span += 3) {
      at += this.spans.at(span);
      const [deleted, inserted] = [this.spans.at(span + 1), this.spans.at(span + 2)];
      if (deleted + inserted > 0) [from, to] = [from < 0 ? at : from, at + inserted];
      at += inserted;
    }
    if (from < 0) return null;
    const pieces = this.reach(version).text;
    const units = (length: number): number => {
      let sum = 0;
      const before = pieces.slice(0, length);
      for (let index = 0; index < before.length; index += 2) {
        sum += this.inserted.units(before[index] ?? 0, before[index + 1] ?? 0);
      }
      return sum;
    };
    return { from: units(from), to: units(to) };
  }

  private piecesAt(version: number): Pieces {
    return this.reach(version).text.snapshot();
  }

  /** The text at `version`, from the nearest one before it that is known. */
  private reach(version: number): Reached {
    const wanted = Math.max(0, Math.min(version, this.loaded));
    const kept = wanted - (wanted % this.step);
    if (this.current.version > wanted || this.current.version < kept) {
      this.current = { version: kept, text: new PieceText(this.kept.get(kept)) };
    }
    while (this.current.version < wanted) this.advance(this.current);
    return this.current;
  }

  /** Apply the event that follows. */
  private advance(reached: Reached): void {
    const index = reached.version++;
    const restored = this.restoredPieces(reached.version);
    if (restored !== null) {
      reached.text = new PieceText(restored);
      return;
    }
    let from = this.insertedEnds.at(index - 1);
    let at = 0;
    const end = this.spanEnds.at(index);
    for (let span = this.spanEnds.at(index - 1); span < end; span += 3) {
      at += this.spans.at(span);
      const inserted = this.spans.at(span + 2);
      reached.text.replace(at, this.spans.at(span + 1), inserted, from);
      at += inserted;
      from += inserted;
    }
  }

  /** The pieces of the version that an event brought back, if its text is that one; else null. */
  private restoredPieces(version: number): Pieces | null {
    const known = this.restored.get(version);
    if (known !== undefined) return known;
    const of = this.restoredBy(version);
    if (of === null || of >= version) return null;
    const event: Reached = { version: version - 1, text: new PieceText(this.piecesAt(version - 1)) };
    this.restored.set(version, null);
    this.advance(event);
    const old = this.piecesAt(of);
    const isThat = this.textOf(old) === this.textOf(event.text.snapshot());
    // What is kept is bounded; beyond that the text is whoever's restored it.
    const hasRoom = (this.restoredCount += old.length / 2) <= MAX_RESTORED_PIECES;
    const pieces = isThat && hasRoom ? old : null;
    this.restored.set(version, pieces);
    return pieces;
  }

  private keep({ version, text }: Reached): void {
    const pieces = text.snapshot();
    this.kept.set(version, pieces);
    this.keptPieces += pieces.length / 2;
    while (this.keptPieces > this.maxKeptPieces && this.kept.size > 2) this.thin();
  }

  /** Forget every other kept text. */
  private thin(): void {
    this.step *= 2;
    for (const [version, pieces] of this.kept) {
      if (version % this.step === 0) continue;
      this.kept.delete(version);
      this.keptPieces -= pieces.length / 2;
    }
  }

  /** One person is one, under the name and the colour that were used last. */
  private personOf(writer: PlaybackWriter): number {
    const known = this.peopleById.get(writer.actor.id);
    const index = known ?? this.people.length;
    this.people[index] = writer;
    this.peopleById.set(writer.actor.id, index);
    return index;
  }

  private originOf(origin: string): number {
    const known = this.origins.indexOf(origin);
    return known >= 0 ? known : this.origins.push(origin) - 1;
  }
}
