/** Finding a person by name, as a list under the field: the keyboard is enough. */

import { searchUsers } from "../api/people";
import { attempt } from "../api/request";
import { words } from "../language/language";
import type { User } from "../protocol";
import { PersonName } from "../ui/avatar";
import { useEffect, useId, useRef, useState } from "../vendor/preact";

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
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => search(query, setFound), [query]);
  const options = candidates(query, met, found ?? [], without);
  const at = Math.min(active, Math.max(0, options.length - 1));
  const choose = (user: User | undefined): void => {
    if (user === undefined) return;
    onChoose(user);
    setQuery("");
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setActive(Math.min(at + 1, options.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(at - 1, 0));
    else if (event.key === "Enter") choose(options[at]);
    else if (event.key === "Escape" && query !== "") setQuery("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="search">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label={words().share.addPerson}
        placeholder={words().share.addPerson}
        aria-expanded={options.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(options.length > 0 ? { "aria-activedescendant": `${id}-${at}` } : {})}
        autocomplete="off"
        spellcheck={false}
        value={query}
        onInput={(event) => {
          setActive(0);
          setQuery(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} class="search-list" role="listbox" aria-label={words().share.people} hidden={options.length === 0}>
        {options.map((user, index) => (
          <li
            key={user.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            class="search-option"
            // Not `click`: the field keeps the focus.
            onPointerDown={(event) => {
              event.preventDefault();
              choose(user);
            }}
          >
            <PersonName user={user} />
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {query.trim() !== "" && found !== null && options.length === 0
          ? words().share.nobody
          : ""}
      </p>
    </div>
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
