/** The list: its rows, the keys that lead through it, its next pages, and what stands there if it is empty. */

import { words } from "../language/language";
import { useEffect, useRef, type RefObject } from "../vendor/preact";
import { DocumentRow } from "./documentrow";
import { isCharacter, rowAfter, TypeAhead } from "./listkeys";
import { titleOf, type StartModel } from "./model";

interface DocumentListProps {
  readonly model: StartModel;
  readonly mayCreate: boolean;
  readonly search: RefObject<HTMLInputElement | null>;
}

export function DocumentList({ model, mayCreate, search }: DocumentListProps) {
  const host = useRef<HTMLUListElement>(null);
  const typeAhead = useRef(new TypeAhead());
  const said = words().start;
  const rows = model.rows.value;
  const links = (): HTMLElement[] => [...(host.current?.querySelectorAll<HTMLElement>(".document-open") ?? [])];
  const lead = (event: KeyboardEvent): void => {
    const all = links();
    const row = all.findIndex((link) => link === event.target);
    if (row < 0) return;
    const titles = (): string[] => (rows ?? []).map(({ document }) => titleOf(document));
    const to =
      rowAfter(event.key, row, all.length) ??
      (isCharacter(event) && event.key !== "/" ? typeAhead.current.next(event.key, row, titles(), Date.now()) : null);
    if (to === null) return;
    event.preventDefault();
    (to < 0 ? search.current : all[to])?.focus();
  };
  // Whoever removed a row goes on with the one that took its place.
  const afterRemoval = (row: number): void => {
    requestAnimationFrame(() => {
      const all = links();
      (all[Math.min(row, all.length - 1)] ?? search.current)?.focus();
    });
  };
  if (rows === null) return <Skeleton />;
  if (rows.length === 0) return model.loading.value ? <Skeleton /> : <Nothing model={model} mayCreate={mayCreate} />;
  return (
    <section aria-label={said.documents} aria-busy={model.loading.value}>
      <ul class="document-list" ref={host} onKeyDown={lead}>
        {rows.map((row, n) => (
          <DocumentRow key={row.document.name} row={row} model={model} mayCreate={mayCreate} onRemoved={() => afterRemoval(n)} />
        ))}
      </ul>
      {model.next.value === null ? null : <More model={model} />}
    </section>
  );
}

/** The next page comes when its place comes into view; the button is for whoever sees none. */
function More({ model }: { readonly model: StartModel }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const { current } = button;
    if (current === null) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some((each) => each.isIntersecting)) void model.more();
      },
      { rootMargin: "600px" },
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, [model.next.value]);
  return (
    <button ref={button} type="button" class="button start-more" onClick={() => void model.more()}>
      {model.loading.value ? words().start.loading : words().start.more}
    </button>
  );
}

function Skeleton() {
  return (
    <div class="document-list skeleton" role="status" aria-label={words().start.loading}>
      {[0, 1, 2, 3].map((n) => (
        <div key={n} class="skeleton-row" />
      ))}
    </div>
  );
}

function Nothing({ model, mayCreate }: { readonly model: StartModel; readonly mayCreate: boolean }) {
  const said = words().start;
  const typed = model.search.value.trim();
  const { show, tag } = model.view.value;
  if (typed !== "") {
    return (
      <div class="start-empty">
        <p dir="auto">{said.nothingFound(typed)}</p>
        <p class="hint">{said.nothingFoundHint}</p>
      </div>
    );
  }
  if (show === "all" && tag === null) {
    return (
      <div class="start-empty start-first">
        <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
          <path d="M14 8h26l10 10v38H14z" fill="none" stroke="currentColor" stroke-width="2" />
          <path d="M40 8v10h10M22 30h20M22 38h20M22 46h12" fill="none" stroke="currentColor" stroke-width="2" />
        </svg>
        <h2>{said.emptyTitle}</h2>
        <p class="hint">{mayCreate ? said.emptyWords : said.emptyShared}</p>
      </div>
    );
  }
  return (
    <div class="start-empty">
      <p class="hint">{tag !== null ? said.emptyTag : said.emptyList[show]}</p>
    </div>
  );
}
