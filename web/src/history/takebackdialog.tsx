/** The dialog in which changes are taken back: whose, of when, and what that does to the text. */

import { ApiError } from "../api/request";
import { words } from "../language/language";
import { safeName } from "../safe";
import { Dialog } from "../ui/dialog";
import { Problem } from "../ui/form";
import { useEffect, useId, useRef, useState } from "../vendor/preact";
import type { Actor } from "./sitting";
import {
  excerptsOf,
  fieldTime,
  shortened,
  timeRange,
  type Excerpt,
  type PartOfText,
  type TakeBackRange,
  type TakeBackWish,
  type TakenBack,
} from "./takeback";

const PREVIEW_DELAY_MS = 300;
const MAX_EXCERPTS = 20;

export interface TakeBackActions {
  /** What would be done, and the text that it would be done to. Rejects with `ApiError`. */
  preview(wish: TakeBackWish): Promise<{ readonly taken: TakenBack; readonly text: string }>;
  /** Do it; failures are told elsewhere. */
  carryOut(wish: TakeBackWish): void;
}

export interface SelectedText {
  readonly part: PartOfText;
  readonly text: string;
}

interface TakeBackDialogProps {
  readonly people: readonly Actor[];
  readonly actor: string | null;
  /** Versions stay as they are; times can be changed. */
  readonly range: TakeBackRange;
  /** The part of a text in which changes are taken back, and what stands there; null: all of it. */
  readonly selected: SelectedText | null;
  readonly actions: TakeBackActions;
  readonly close: () => void;
}

type Preview = { readonly taken: TakenBack; readonly text: string } | ApiError | null;

export function TakeBackDialog({ people, actor: first, range: given, selected, actions, close }: TakeBackDialogProps) {
  const { title, lead, doIt, nothing, looking } = words().history.takeBack;
  const [actor, setActor] = useState(first);
  const [range, setRange] = useState<TakeBackRange | null>(given);
  const part = selected?.part ?? null;
  const preview = usePreview(actions, range === null ? null : { actor, range, part });
  const taken = preview === null || preview instanceof ApiError ? null : preview.taken;
  const isNothing = taken !== null && taken.ops.length === 0;
  return (
    <Dialog title={title} onClose={close} class="take-back">
      <div class="form">
        <p class="hint">{lead}</p>
        {selected !== null && <Selected text={selected.text} />}
        <Who people={people} actor={actor} onChoose={setActor} />
        {"after" in given ? <Versions after={given.after} upto={given.upto} /> : <Times range={given} onChoose={setRange} />}
        <div class="take-back-preview" aria-live="polite">
          {preview instanceof ApiError ? (
            <Problem error={preview} />
          ) : preview === null ? (
            <p class="hint">{range === null ? "" : looking}</p>
          ) : isNothing ? (
            <p class="hint">{nothing}</p>
          ) : (
            <Changes taken={preview.taken} text={preview.text} />
          )}
        </div>
        <div class="row">
          <button
            type="button"
            class="button button-primary"
            disabled={taken === null || isNothing}
            onClick={() => {
              if (taken === null) return;
              close();
              actions.carryOut({ actor, range: { after: taken.after, upto: taken.upto }, part });
            }}
          >
            {doIt}
          </button>
          <button type="button" class="button" onClick={close}>
            {words().common.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** What `wish` would do, asked once it has not changed for a moment; null until that is known. */
function usePreview(actions: TakeBackActions, wish: TakeBackWish | null): Preview {
  const [preview, setPreview] = useState<Preview>(null);
  const asked = useRef(0);
  const key = JSON.stringify(wish);
  useEffect(() => {
    const question = ++asked.current;
    setPreview(null);
    if (wish === null) return;
    const show = (found: Preview): void => {
      if (question === asked.current) setPreview(found);
    };
    const timer = window.setTimeout(() => {
      actions.preview(wish).then(show, (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        show(error);
      });
    }, PREVIEW_DELAY_MS);
    return () => window.clearTimeout(timer);
  }, [key]);
  return preview;
}

/** The text in which changes are taken back. */
function Selected({ text }: { readonly text: string }) {
  return (
    <div class="take-back-part">
      <p>{words().history.takeBack.onlyIn}</p>
      <blockquote>
        <bdi>{shortened(text)}</bdi>
      </blockquote>
    </div>
  );
}

interface WhoProps {
  readonly people: readonly Actor[];
  readonly actor: string | null;
  readonly onChoose: (actor: string | null) => void;
}

function Who({ people, actor, onChoose }: WhoProps) {
  const { who, everybody } = words().history.takeBack;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{who}</label>
      <select
        id={id}
        class="select"
        value={actor ?? ""}
        onChange={({ currentTarget }) => onChoose(currentTarget.value === "" ? null : currentTarget.value)}
      >
        <option value="">{everybody}</option>
        {people.map((person) => (
          <option key={person.id} value={person.id}>
            {safeName(person.name)}
          </option>
        ))}
      </select>
    </div>
  );
}

function Versions({ after, upto }: { readonly after: number; readonly upto: number }) {
  const { version, versions } = words().history;
  return <p class="take-back-versions">{upto === after + 1 ? version(upto) : versions(after + 1, upto)}</p>;
}

interface TimesProps {
  readonly range: { readonly from: number; readonly to: number };
  readonly onChoose: (range: TakeBackRange | null) => void;
}

function Times({ range, onChoose }: TimesProps) {
  const { from, to } = words().history.takeBack;
  const local = (at: number): string => fieldTime(at, new Date(at).getTimezoneOffset());
  const fields = useRef({ from: local(range.from), to: local(range.to) });
  const [fromId, toId] = [useId(), useId()];
  const field = (name: "from" | "to", id: string, label: string) => (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        class="time-field"
        defaultValue={fields.current[name]}
        onInput={({ currentTarget }) => {
          fields.current = { ...fields.current, [name]: currentTarget.value };
          onChoose(timeRange(fields.current.from, fields.current.to));
        }}
      />
    </div>
  );
  return (
    <div class="row">
      {field("from", fromId, from)}
      {field("to", toId, to)}
    </div>
  );
}

function Changes({ taken, text }: { readonly taken: TakenBack; readonly text: string }) {
  const { effect, more } = words().history.takeBack;
  const { shown, count } = excerptsOf(text, taken.ops, MAX_EXCERPTS);
  return (
    <>
      <p>{effect(taken.events, count)}</p>
      <ul class="take-back-changes" tabIndex={0} aria-label={effect(taken.events, count)}>
        {shown.map((excerpt, index) => (
          <Change key={index} excerpt={excerpt} />
        ))}
        {count > shown.length && <li class="hint">{more(count - shown.length)}</li>}
      </ul>
    </>
  );
}

function Change({ excerpt: { lead, removed, inserted, tail } }: { readonly excerpt: Excerpt }) {
  return (
    <li>
      <bdi>
        …{lead}
        {removed !== "" && <del class="diff-removed">{removed}</del>}
        {inserted !== "" && <ins class="diff-added">{inserted}</ins>}
        {tail}…
      </bdi>
    </li>
  );
}
