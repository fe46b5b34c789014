/** The ids of headings: as GitHub derives them from the words, in any script, each once. Pure. */

const LEFT_OUT = /[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu;

/** What `words` give before it is known which other headings there are. */
export function slugOf(words: string): string {
  return words.trim().toLowerCase().replace(LEFT_OUT, "").replace(/ /g, "-") || "section";
}

/** Gives out ids: a second `notes` becomes `notes-1`. */
export class Slugs {
  private readonly used = new Map<string, number>();

  next(slug: string): string {
    for (let count = this.used.get(slug) ?? 0; ; count++) {
      const id = count === 0 ? slug : `${slug}-${count}`;
      if (count > 0 && this.used.has(id)) continue;
      this.used.set(slug, count + 1);
      if (count > 0) this.used.set(id, 1);
      return id;
    }
  }
}
