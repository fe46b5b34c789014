/** Find and replace: the panel above the text. What is found and replaced is CodeMirror's affair. */

import { words } from "../language/language";
import {
  EditorView,
  SearchQuery,
  closeSearchPanel,
  findNext,
  findPrevious,
  getSearchQuery,
  replaceAll,
  replaceNext,
  search,
  selectMatches,
  setSearchQuery,
  type Extension,
  type Panel,
  type ViewUpdate,
} from "../vendor/codemirror";
import { render, signal, type Signal } from "../vendor/preact";
import { countMatches, type MatchCount } from "./matchcount";

interface Shown {
  readonly query: SearchQuery;
  /** Null while it is being counted. */
  readonly count: MatchCount | null;
  readonly isWritable: boolean;
}

type Option = "caseSensitive" | "wholeWord" | "regexp";

const SLICE_MS = 8;
const COUNT_DELAY_MS = 150;

class FindPanel implements Panel {
  readonly dom = document.createElement("div");
  readonly top = true;
  private readonly shown: Signal<Shown>;
  private timer: number | undefined;

  constructor(private readonly view: EditorView) {
    this.dom.className = "find";
    this.shown = signal<Shown>({
      query: getSearchQuery(view.state),
      count: null,
      isWritable: !view.state.readOnly,
    });
    render(<Find shown={this.shown} actions={this} />, this.dom);
  }

  mount(): void {
    this.dom.querySelector<HTMLInputElement>("[main-field]")?.select();
    this.count();
  }

  update(update: ViewUpdate): void {
    const query = getSearchQuery(update.state);
    const isOther = !query.eq(this.shown.value.query);
    if (isOther || this.shown.value.isWritable === update.state.readOnly) {
      this.shown.value = { ...this.shown.value, query, isWritable: !update.state.readOnly };
    }
    if (isOther || update.docChanged || update.selectionSet) this.countSoon();
  }

  destroy(): void {
    window.clearTimeout(this.timer);
    render(null, this.dom);
  }

  change(part: Partial<Pick<SearchQuery, "search" | "replace" | Option>>): void {
    const { search: old, replace, caseSensitive, wholeWord, regexp } = this.shown.value.query;
    // What is written is looked for as it is written, unless it is an expression.
    const query = new SearchQuery({ search: old, replace, caseSensitive, wholeWord, regexp, literal: true, ...part });
    this.view.dispatch({ effects: setSearchQuery.of(query) });
    if (part.search !== undefined && query.valid) this.showFirst(query);
  }

  run(command: (view: EditorView) => boolean): void {
    command(this.view);
  }

  close(): void {
    closeSearchPanel(this.view);
    this.view.focus();
  }

  /** Go to the first match from where the selection begins, without leaving the field. */
  private showFirst(query: SearchQuery): void {
    const { state } = this.view;
    const start = state.selection.main.from;
    const next = query.getCursor(state, start).next();
    const found = next.done === true ? query.getCursor(state, 0, start).next() : next;
    if (found.done === true || found.value.from === found.value.to) return;
    const { from, to } = found.value;
    this.view.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
      userEvent: "select.search",
    });
  }

  private countSoon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.count(), COUNT_DELAY_MS);
  }

  private count(): void {
    const { state } = this.view;
    let end = performance.now() + SLICE_MS;
    const counting = countMatches(
      getSearchQuery(state),
      state.doc,
      state.selection.main,
      () => performance.now() >= end,
    );
    const step = (): void => {
      end = performance.now() + SLICE_MS;
      const result = counting.next();
      if (result.done === true) this.shown.value = { ...this.shown.value, count: result.value };
      else this.timer = window.setTimeout(step);
    };
    window.clearTimeout(this.timer);
    step();
  }
}

interface FindActions {
  change(part: Partial<Pick<SearchQuery, "search" | "replace" | Option>>): void;
  run(command: (view: EditorView) => boolean): void;
  close(): void;
}

function Find({ shown, actions }: { readonly shown: Signal<Shown>; readonly actions: FindActions }) {
  const { query, isWritable } = shown.value;
  const text = words().writing.find;
  const keyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Escape") actions.close();
    else if (event.key === "F3" || (event.key === "g" && (event.ctrlKey || event.metaKey))) {
      actions.run(event.shiftKey ? findPrevious : findNext);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const enter = (command: (shift: boolean) => void) => (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    command(event.shiftKey);
  };
  return (
    <div role="search" aria-label={text.title} class="find-form" onKeyDown={keyDown}>
      <div class="find-row">
        <Field
          label={text.find}
          value={query.search}
          main
          invalid={query.search !== "" && !query.valid}
          onInput={(value) => actions.change({ search: value })}
          onKeyDown={enter((shift) => actions.run(shift ? findPrevious : findNext))}
        />
        <span class="find-count" role="status">
          <Count shown={shown} />
        </span>
        <Step label={text.previous} sign="↑" run={() => actions.run(findPrevious)} />
        <Step label={text.next} sign="↓" run={() => actions.run(findNext)} />
        <Switch label={text.matchCase} sign="Aa" option="caseSensitive" query={query} actions={actions} />
        <Switch label={text.wholeWord} sign="W" option="wholeWord" query={query} actions={actions} />
        <Switch label={text.regexp} sign=".*" option="regexp" query={query} actions={actions} />
        <Step label={text.selectAll} sign="≡" run={() => actions.run(selectMatches)} />
        <Step label={words().common.close} sign="✕" run={() => actions.close()} />
      </div>
      {isWritable && (
        <div class="find-row">
          <Field
            label={text.replace}
            value={query.replace}
            onInput={(value) => actions.change({ replace: value })}
            onKeyDown={enter(() => actions.run(replaceNext))}
          />
          <button type="button" class="button button-small" onClick={() => actions.run(replaceNext)}>
            {text.replaceOne}
          </button>
          <button type="button" class="button button-small" onClick={() => actions.run(replaceAll)}>
            {text.replaceAll}
          </button>
        </div>
      )}
    </div>
  );
}

function Count({ shown }: { readonly shown: Signal<Shown> }) {
  const { query, count } = shown.value;
  const text = words().writing.find;
  if (query.search === "") return null;
  if (!query.valid) return <>{text.invalid}</>;
  return count === null ? null : <>{text.count(count)}</>;
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly main?: boolean;
  readonly invalid?: boolean;
  readonly onInput: (value: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

function Field({ label, value, main = false, invalid = false, onInput, onKeyDown }: FieldProps) {
  return (
    <input
      class="find-field"
      type="text"
      dir="auto"
      autocomplete="off"
      spellcheck={false}
      aria-label={label}
      placeholder={label}
      aria-invalid={invalid}
      value={value}
      {...(main ? { "main-field": "true" } : {})}
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}

interface StepProps {
  readonly label: string;
  readonly sign: string;
  readonly run: () => void;
}

function Step({ label, sign, run }: StepProps) {
  return (
    <button type="button" class="find-button" aria-label={label} title={label} onClick={run}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly sign: string;
  readonly option: Option;
  readonly query: SearchQuery;
  readonly actions: FindActions;
}

function Switch({ label, sign, option, query, actions }: SwitchProps) {
  const isOn = query[option];
  return (
    <button
      type="button"
      class="find-button"
      aria-label={label}
      title={label}
      aria-pressed={isOn}
      onClick={() => actions.change({ [option]: !isOn })}
    >
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

export const finding: Extension = search({
  top: true,
  literal: true,
  createPanel: (view) => new FindPanel(view),
  scrollToMatch: (range) => EditorView.scrollIntoView(range, { y: "center" }),
});
