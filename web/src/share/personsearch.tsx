/** Finding a person by name, as a list under the field: the keyboard is enough. */

import { searchUsers } from "../api/people";
import { attempt } from "../api/request";
import { words } from "../language/language";
import type { User } from "../protocol";
import { PersonName } from "../ui/avatar";
import { Combobox } from "../ui/combobox";
import { useEffect, useState } from "../vendor/preact";

const PAUSE_MS = 200;

interface PersonSearchProps {
  /** Who was met in the document: guests, whom no list of users has, are found there. */
  readonly met: readonly User[];
  /** Those who are in the list already. */
  readonly without: ReadonlySet<string>;
  readonly onChoose: (user: User) => void;
}

export function PersonSearch({ met, without, onChoose }: PersonSearchProps) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<readonly User[] | null>(null);
  useEffect(() => search(query, setFound), [query]);
  const people = candidates(query, met, found ?? [], without);
  return (
    <Combobox
      label={words().share.addPerson}
      placeholder={words().share.addPerson}
      nothing={query.trim() !== "" && found !== null ? words().share.nobody : ""}
      value={query}
      options={people.map((user) => ({ id: user.id, content: <PersonName user={user} /> }))}
      onInput={setQuery}
      onChoose={(id) => {
        const user = people.find((person) => person.id === id);
        if (user === undefined) return;
        onChoose(user);
        setQuery("");
      }}
      floats
    />
  );
}

const MAX_OPTIONS = 8;

/** Those who were met and whose name is like `query`, then the users that the server has found. */
export function candidates(
  query: string,
  met: readonly User[],
  found: readonly User[],
  without: ReadonlySet<string>,
): readonly User[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === "") return [];
  const known = met.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
  const byId = new Map([...known, ...found].map((user) => [user.id, user]));
  return [...byId.values()].filter(({ id }) => !without.has(id)).slice(0, MAX_OPTIONS);
}

/** Look for `query` after a pause; the returned function lets go of it. */
function search(query: string, show: (found: readonly User[] | null) => void): () => void {
  const wanted = query.trim();
  let current = true;
  show(null);
  const timer = window.setTimeout(() => {
    if (wanted === "") return;
    void attempt(async () => {
      const users = await searchUsers(wanted);
      if (current) show(users);
    });
  }, PAUSE_MS);
  return () => {
    current = false;
    window.clearTimeout(timer);
  };
}
