/** Which list is shown: of whom, with which tag, in which order. */

import { words } from "../language/language";
import { ORDERS, SHOWS, viewToHash, type ListView } from "./listview";
import type { StartModel } from "./model";
import { useEffect, useRef } from "../vendor/preact";

export function ViewBar({ model, isSomebody }: { readonly model: StartModel; readonly isSomebody: boolean }) {
  const isSearching = model.search.value.trim() !== "";
  const view = model.view.value;
  const choices = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone the row is longer than the screen.
    choices.current?.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [view.show, isSearching]);
  if (isSearching) return null;
  const said = words().start;
  const show = (changed: Partial<ListView>): void => {
    const wanted = { ...view, ...changed };
    history.pushState(null, "", viewToHash(wanted) || location.pathname);
    model.show(wanted);
  };
  const shows = isSomebody ? SHOWS : SHOWS.filter((each) => each === "all" || each === "templates");
  const tags = model.tags.value;
  return (
    <div class="view-bar">
      <div ref={choices} class="view-choices" role="group" aria-label={said.views}>
        {shows.map((each) => (
          <button
            key={each}
            type="button"
            class="view-choice"
            aria-pressed={view.show === each}
            onClick={() => show({ show: each })}
          >
            {said.shows[each]}
          </button>
        ))}
      </div>
      {tags.length === 0 || view.show === "trash" ? null : (
        <div class="view-choices" role="group" aria-label={said.tags}>
          {tags.map(({ tag, count }) => (
            <button
              key={tag}
              type="button"
              class="view-choice view-choice-tag"
              aria-pressed={view.tag === tag}
              onClick={() => show({ tag: view.tag === tag ? null : tag })}
            >
              <bdi>#{tag}</bdi> <span class="view-count">{count}</span>
            </button>
          ))}
        </div>
      )}
      {view.show === "recent" || view.show === "trash" ? null : (
        <label class="view-order">
          <span class="visually-hidden">{said.order}</span>
          <select
            value={view.order}
            onChange={({ currentTarget: { value } }) =>
              show({ order: ORDERS.find((each) => each === value) ?? "updated" })
            }
          >
            {ORDERS.map((each) => (
              <option key={each} value={each}>
                {said.orders[each]}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
