/** Which of a user's carets is where the user is: somebody with several windows writes in one at a time. Pure. */

import type { Caret } from "./presence";

export class LastMoved {
  private carets: readonly Caret[] = [];
  private readonly places = new Map<number, { readonly place: string; readonly order: number }>();
  private order = 0;

  /** The others' carets are these now. */
  note(carets: readonly Caret[]): void {
    const here = new Set(carets.map(({ client }) => client));
    for (const client of this.places.keys()) if (!here.has(client)) this.places.delete(client);
    for (const { client, place } of carets) {
      if (this.places.get(client)?.place !== place) this.places.set(client, { place, order: ++this.order });
    }
    this.carets = carets;
  }

  /** The caret that the user has moved last, or null: there is none. */
  caretOf(user: string): Caret | null {
    const order = ({ client }: Caret): number => this.places.get(client)?.order ?? 0;
    return this.carets
      .filter((caret) => caret.user === user)
      .reduce<Caret | null>((last, caret) => (last === null || order(caret) > order(last) ? caret : last), null);
  }
}
