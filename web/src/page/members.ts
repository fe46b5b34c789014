/** Who is in a document: each person once, however many windows they have. Pure. */

import type { Member, User } from "../protocol";

/** How many circles there are beside a "+N". */
const CIRCLES_BESIDE_MORE = 4;

const once = (users: readonly User[]): User[] => [...new Map(users.map((user) => [user.id, user])).values()];

/** The others, in the order in which they came. */
export const presentUsers = (members: readonly Member[], self: User | null): User[] =>
  once(members.map(({ user }) => user)).filter(({ id }) => id !== self?.id);

/** Those who were met, with those who are here now; a name is the latest one. */
export const withMet = (met: readonly User[], members: readonly Member[]): User[] =>
  once([...met, ...members.map(({ user }) => user)]);

/** Who has a circle, and who is counted in "+N": that is never "+1". */
export function circlesOf<T>(people: readonly T[]): { readonly shown: readonly T[]; readonly rest: readonly T[] } {
  const count = people.length > CIRCLES_BESIDE_MORE + 1 ? CIRCLES_BESIDE_MORE : people.length;
  return { shown: people.slice(0, count), rest: people.slice(count) };
}
