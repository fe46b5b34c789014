/** The title in the header, which whoever may write can change in place. */

import { words } from "../language/language";
import { useLayoutEffect, useRef } from "../vendor/preact";
import type { DocumentModel } from "./model";

interface TitleProps {
  readonly model: DocumentModel;
  /** Give the document this title; empty: the one that its text gives it. */
  readonly onRename: (title: string) => void;
}

export function Title({ model, onRename }: TitleProps) {
  const { words: shown, isDerived } = model.title.value;
  const { renameTip, renameDerivedTip } = words().page;
  if (model.isRenaming.value && model.isWritable.value) {
    return <TitleField model={model} onRename={onRename} />;
  }
  return (
    <h1 class={isDerived ? "title" : "title title-set"} dir="auto">
      {model.isWritable.value ? (
        <button
          type="button"
          class="title-button"
          data-tip={isDerived ? renameDerivedTip : renameTip}
          onClick={() => (model.isRenaming.value = true)}
        >
          {shown}
        </button>
      ) : (
        shown
      )}
    </h1>
  );
}

function TitleField({ model, onRename }: TitleProps) {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  const { words: shown, isDerived } = model.title.value;
  useLayoutEffect(() => field.current?.select(), []);
  const end = (typed: string | null): void => {
    if (isOver.current) return;
    isOver.current = true;
    model.isRenaming.value = false;
    const title = typed === null ? null : titleTyped(typed, model.title.value);
    if (title !== null) onRename(title);
  };
  return (
    <input
      ref={field}
      class="title-field"
      type="text"
      dir="auto"
      aria-label={words().page.title}
      maxLength={200}
      autocomplete="off"
      placeholder={words().page.titleFromText}
      defaultValue={isDerived && shown === model.name ? "" : shown}
      onBlur={(event) => end(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === "Enter") end(event.currentTarget.value);
        else if (event.key === "Escape") end(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
        model.focusText();
      }}
    />
  );
}

/** The title to set for what was typed; null where nothing is to be changed. Pure. */
export function titleTyped(
  typed: string,
  before: { readonly words: string; readonly isDerived: boolean },
): string | null {
  const title = typed.replace(/\s+/g, " ").trim();
  if (title === "") return before.isDerived ? null : "";
  return title === before.words ? null : title;
}
