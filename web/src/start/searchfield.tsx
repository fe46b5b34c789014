/** The search: it finds while one types. */

import { words } from "../language/language";
import { useEffect, useRef, type RefObject } from "../vendor/preact";
import type { StartModel } from "./model";

const DELAY_MS = 150;

interface SearchFieldProps {
  readonly model: StartModel;
  readonly input: RefObject<HTMLInputElement | null>;
}

export function SearchField({ model, input }: SearchFieldProps) {
  const timer = useRef<number>(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const said = words().start;
  const search = (typed: string): void => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => model.searchFor(typed), typed === "" ? 0 : DELAY_MS);
  };
  const clear = (): void => {
    if (input.current === null) return;
    input.current.value = "";
    search("");
    input.current.focus();
  };
  return (
    <search class="start-search">
      <input
        ref={input}
        type="search"
        dir="auto"
        aria-label={said.search}
        aria-keyshortcuts="/"
        placeholder={said.search}
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && event.currentTarget.value !== "") {
            event.preventDefault();
            clear();
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".document-list a")?.focus();
          }
        }}
      />
      {model.search.value === "" ? (
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <button type="button" class="icon-button" aria-label={said.clearSearch} onClick={clear}>
          ×
        </button>
      )}
      <p class="visually-hidden" role="status">
        {model.search.value.trim() === "" || model.loading.value
          ? ""
          : said.found(model.rows.value?.length ?? 0, model.next.value !== null)}
      </p>
    </search>
  );
}
