/** The playback of a document as signals: which event is shown, what is loaded, and whether it runs. Pure. */

import { computed, signal, type ReadonlySignal } from "../vendor/preact";
import { PlaybackClock, SPEEDS, type Speed } from "./playbackclock";
import { MissingVersions } from "./missing";
import { Life, type FirstAuthor, type PlaybackPage } from "./playbacklife";
import { SITTING_PAUSE_MS, SittingStarts, neighbour, sittingEnds } from "./playbackplaces";

/** The questions that playback asks; it may reject with what `failed` takes. */
export interface PlaybackSource {
  page(after: number): Promise<PlaybackPage>;
  /** The version that an event brought back, or null. */
  restored(version: number): Promise<number | null>;
  /** Who first wrote the text at a version. */
  authors(version: number): Promise<readonly FirstAuthor[]>;
}

export type PlaybackStep = "back" | "forward" | "sitting-back" | "sitting-forward" | "name-back" | "name-forward" | "start" | "end";

/** What moves the shown event: only a move of the user ends the running. */
export type PlaybackDeed = PlaybackStep | "toggle";

export class PlaybackModel {
  readonly life: Life;
  /** The versions that are no longer kept: none of them is shown. */
  readonly missing = new MissingVersions();
  /** The newest event that is here; what depends on the columns looks at it. */
  readonly loaded = signal(0);
  /** The newest event that there is. */
  readonly head = signal(0);
  readonly isPlaying = signal(false);
  readonly speed = signal<Speed>(10);
  /** The named versions, in order. */
  readonly named = signal<readonly number[]>([]);
  /** Why the last page has not come, or empty. */
  readonly trouble = signal("");
  /** The event that is shown: the one that is wanted, as soon as it is here. */
  readonly version: ReadonlySignal<number>;
  readonly isComplete: ReadonlySignal<boolean>;

  private readonly wanted = signal(Infinity);
  private readonly clock = new PlaybackClock(SITTING_PAUSE_MS);
  private readonly starts = new SittingStarts();
  private played = 0;
  private loading: Promise<void> | null = null;
  private isClosed = false;
  /** By the event that did it, which version was brought back. */
  private readonly restores = new Map<number, number | null>();
  /** By the event that took others back, who first wrote the text after it; null where nobody knows any more. */
  private readonly authors = new Map<number, readonly FirstAuthor[] | null>();

  constructor(
    private readonly source: PlaybackSource,
    private readonly failed: (error: unknown) => string,
  ) {
    this.life = new Life(
      (version) => this.restores.get(version) ?? null,
      undefined,
      (version) => this.authors.get(version) ?? null,
    );
    this.version = computed(() => this.missing.before(Math.min(this.wanted.value, this.loaded.value)));
    this.isComplete = computed(() => this.loaded.value >= this.head.value);
  }

  /** The first versions of the sittings that are here. */
  get sittings(): readonly number[] {
    return this.starts.versions;
  }

  /** Load what is not here yet, page by page. */
  load(): Promise<void> {
    this.loading ??= this.loadPages().finally(() => (this.loading = null));
    return this.loading;
  }

  /** Nothing more is loaded. */
  close(): void {
    this.isClosed = true;
    this.isPlaying.value = false;
  }

  /** Show `version`, or the nearest one that is kept, or the last one that there is. */
  seek(version: number): void {
    const isEnd = version >= this.head.value && this.head.value > 0;
    this.wanted.value = isEnd ? Infinity : this.missing.nearest(Math.max(0, Math.round(version)));
    this.played = this.clock.at(this.version.value);
  }

  step(step: PlaybackStep): void {
    if (this.head.value === 0) return;
    this.isPlaying.value = false;
    this.seek(this.placeOf(step));
  }

  toggle(): void {
    if (this.head.value === 0) return;
    if (!this.isPlaying.value && this.version.value >= this.head.value) this.seek(0);
    this.isPlaying.value = !this.isPlaying.value;
    this.played = this.clock.at(this.version.value);
  }

  setSpeed(speed: Speed): void {
    this.speed.value = speed;
  }

  /** So much time has passed: go on, if it runs. */
  tick(elapsedMs: number): void {
    if (!this.isPlaying.value) return;
    const end = this.clock.at(this.loaded.value);
    this.played = Math.min(end, this.played + elapsedMs * this.speed.value);
    const version = Math.max(this.version.value, this.clock.versionAt(this.played));
    this.wanted.value = version;
    if (version >= this.head.value) {
      this.isPlaying.value = false;
      this.wanted.value = Infinity;
    }
  }

  private placeOf(step: PlaybackStep): number {
    const at = this.version.value;
    const head = this.head.value;
    const by = step.endsWith("back") ? -1 : 1;
    switch (step) {
      case "start":
        return 0;
      case "end":
        return head;
      case "back":
      case "forward":
        return this.kept(Math.min(head, Math.max(0, at + by)), by);
      case "sitting-back":
      case "sitting-forward":
        return this.kept(neighbour([0, ...sittingEnds(this.sittings, head)], at, by), by);
      case "name-back":
      case "name-forward":
        return neighbour(this.named.value, at, by);
    }
  }

  /** `version`, or the next one that is kept. */
  private kept(version: number, by: 1 | -1): number {
    return by === 1 ? this.missing.after(version) : this.missing.before(version);
  }

  private async loadPages(): Promise<void> {
    try {
      for (let more = true; more && !this.isClosed; ) {
        const page = await this.source.page(this.life.loaded);
        await Promise.all([this.learnRestores(page), this.learnAuthors(page)]);
        more = this.take(page);
      }
      this.trouble.value = "";
    } catch (error) {
      this.trouble.value = this.failed(error);
    }
  }

  /** A restore is marked in the columns; of what, each is asked for. */
  private async learnRestores(page: PlaybackPage): Promise<void> {
    const versions = eventsOf(page, "restore").filter((version) => !this.restores.has(version)).slice(0, MAX_RESTORES);
    await Promise.all(versions.map(async (version) => this.restores.set(version, await this.source.restored(version))));
  }

  /** What a take-back brought back is that of whoever wrote it first: each is asked for. */
  private async learnAuthors(page: PlaybackPage): Promise<void> {
    const versions = eventsOf(page, "take-back").filter((version) => !this.authors.has(version)).slice(0, MAX_TAKE_BACKS);
    await Promise.all(versions.map(async (version) => this.authors.set(version, await this.authorsOf(version))));
  }

  private async authorsOf(version: number): Promise<readonly FirstAuthor[] | null> {
    try {
      return await this.source.authors(version);
    } catch (error) {
      // Its version may be gone: then it is that of whoever took back.
      this.failed(error);
      return null;
    }
  }

  /** Add a page; tells whether there are more. */
  private take(page: PlaybackPage): boolean {
    const before = this.life.loaded;
    const isAdded = this.life.append(page);
    if (isAdded) this.missing.add(page.merged);
    for (let version = before + 1; version <= this.life.loaded; version++) {
      const at = this.life.timeOf(version);
      this.clock.add(at);
      this.starts.add(version, at, this.life.originAt(version));
    }
    this.head.value = Math.max(page.head, this.life.loaded);
    this.loaded.value = this.life.loaded;
    return isAdded && this.life.loaded < page.head;
  }
}

/** Of one page no more are asked for. */
const MAX_RESTORES = 50;
/** Each is the authors of a whole text. */
const MAX_TAKE_BACKS = 20;

function eventsOf({ from, writers, writer }: PlaybackPage, origin: string): number[] {
  const found: number[] = [];
  let version = from;
  for (const [index, count] of writer) {
    for (let each = 1; each <= count; each++) if (writers[index]?.origin === origin) found.push(version + each);
    version += count;
  }
  return found;
}

export interface PlaybackPress {
  readonly key: string;
  readonly shiftKey: boolean;
  /** With Ctrl, Alt or Cmd, which mean something else. */
  readonly isModified: boolean;
  readonly rtl: boolean;
}

/** What a key does in playback, or null. */
export function playbackDeed({ key, shiftKey, isModified, rtl }: PlaybackPress): PlaybackDeed | null {
  if (isModified) return null;
  switch (key) {
    case " ":
      return "toggle";
    case "ArrowLeft":
    case "ArrowRight":
      return (key === "ArrowLeft") === rtl ? "forward" : "back";
    case "ArrowUp":
      return "forward";
    case "ArrowDown":
      return "back";
    case "PageUp":
      return shiftKey ? "name-forward" : "sitting-forward";
    case "PageDown":
      return shiftKey ? "name-back" : "sitting-back";
    case "Home":
      return "start";
    case "End":
      return "end";
    default:
      return null;
  }
}

export const isSpeed = (value: number): value is Speed => (SPEEDS as readonly number[]).includes(value);
