/** The versions of a document that have names, as signals. Pure. */

import { computed, signal, type ReadonlySignal } from "../vendor/preact";
import type { Actor } from "./sitting";

export interface NamedVersion {
  readonly version: number;
  /** Unique in the document. */
  readonly name: string;
  readonly note: string;
  /** The server made it, at the end of a session of writing. */
  readonly isAutomatic: boolean;
  /** Who named it; empty for an automatic one. */
  readonly by: Actor;
  /** When the version was written, in milliseconds since 1970. */
  readonly at: number;
}

export interface NamesPage {
  /** Newest version first. */
  readonly versions: readonly NamedVersion[];
  readonly next: string | null;
}

/** What the names ask the server; each may reject with what `failed` takes. */
export interface NamesSource {
  list(kind: "named" | "automatic", before: string | null): Promise<NamesPage>;
  name(version: number, name: string, note: string): Promise<void>;
  change(before: string, name: string, note: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const MAX_PAGES = 10;

export class NamedVersions {
  /** Those that somebody named and those of the server; null until there has been an answer. */
  readonly all: ReadonlySignal<readonly NamedVersion[] | null>;
  readonly isWithAutomatic = signal(true);
  readonly trouble: ReadonlySignal<string>;

  private readonly named = signal<readonly NamedVersion[] | null>(null);
  private readonly automatic = signal<readonly NamedVersion[]>([]);
  private readonly why = signal("");

  constructor(
    private readonly source: NamesSource,
    private readonly failed: (error: unknown) => string,
  ) {
    this.trouble = this.why;
    this.all = computed(() => {
      const { value: named } = this.named;
      return named === null ? null : merged(named, this.isWithAutomatic.value ? this.automatic.value : []);
    });
  }

  /** The names that people gave, newest version first. */
  get given(): readonly NamedVersion[] {
    return this.named.value ?? [];
  }

  /** The names that people gave to versions from `first` to `last`. */
  within(first: number, last: number): NamedVersion[] {
    return this.given.filter(({ version }) => version >= first && version <= last);
  }

  async refresh(): Promise<void> {
    try {
      [this.named.value, this.automatic.value] = await Promise.all([this.read("named"), this.read("automatic")]);
      this.why.value = "";
    } catch (error) {
      this.why.value = this.failed(error);
    }
  }

  /** Rejects as the source does; then nothing has changed. */
  async name(version: number, name: string, note: string): Promise<void> {
    await this.source.name(version, name, note);
    await this.refresh();
  }

  async change(before: string, name: string, note: string): Promise<void> {
    await this.source.change(before, name, note);
    await this.refresh();
  }

  async remove(name: string): Promise<void> {
    await this.source.remove(name);
    await this.refresh();
  }

  private async read(kind: "named" | "automatic"): Promise<NamedVersion[]> {
    const found: NamedVersion[] = [];
    let before: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { versions, next }: NamesPage = await this.source.list(kind, before);
      found.push(...versions);
      if (next === null) break;
      before = next;
    }
    return found;
  }
}

/** Both lists as one, newest version first; of an automatic name beside a given one only that is kept. */
function merged(named: readonly NamedVersion[], automatic: readonly NamedVersion[]): NamedVersion[] {
  const given = new Set(named.map(({ version }) => version));
  const rest = automatic.filter(({ version }) => !given.has(version));
  return [...named, ...rest].sort((one, other) => other.version - one.version);
}
