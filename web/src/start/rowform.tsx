/** A field in the place of a row: another title, other tags. */

import { words } from "../language/language";
import { Form } from "../ui/form";
import { useEffect, useId, useRef } from "../vendor/preact";

interface RowFormProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly hint: string;
  /** With what was typed; null: nothing is to change. */
  readonly onDone: (typed: string | null) => void;
}

export function RowForm({ label, value, placeholder, hint, onDone }: RowFormProps) {
  const input = useRef<HTMLInputElement>(null);
  const note = useId();
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <Form class="row-form" label={label} onSubmit={async ({ typed = "" }) => onDone(typed.trim())}>
      <input
        ref={input}
        name="typed"
        type="text"
        dir="auto"
        aria-label={label}
        {...(hint === "" ? {} : { "aria-describedby": note })}
        defaultValue={value}
        placeholder={placeholder}
        maxLength={hint === "" ? 200 : 900}
        autocomplete="off"
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          onDone(null);
        }}
      />
      <button type="submit" class="button button-primary">
        {words().start.save}
      </button>
      <button type="button" class="button" onClick={() => onDone(null)}>
        {words().common.cancel}
      </button>
      {hint === "" ? null : (
        <p id={note} class="hint">
          {hint}
        </p>
      )}
    </Form>
  );
}
