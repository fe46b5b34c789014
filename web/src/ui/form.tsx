/** Parts of forms: a labelled field, a button that waits, and what went wrong. */

import type { ApiError } from "../api/request";
import { words } from "../language/language";
import { useEffect, useId, useRef, type ComponentChildren } from "../vendor/preact";

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly type?: "text" | "password";
  readonly value?: string;
  readonly hint?: string;
  readonly autocomplete?: string;
  readonly autofocus?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export function Field(props: FieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const { autofocus = false, hint = "", type = "text" } = props;
  useEffect(() => {
    if (autofocus) input.current?.focus();
  }, [autofocus]);
  const shared = {
    id,
    ref: input,
    name: props.name,
    defaultValue: props.value ?? "",
    autocomplete: props.autocomplete ?? "off",
    maxLength: props.maxLength ?? 200,
    required: true,
    ...(props.minLength === undefined ? {} : { minLength: props.minLength }),
    ...(props.pattern === undefined ? {} : { pattern: props.pattern }),
    ...(hint === "" ? {} : { "aria-describedby": `${id}-hint` }),
    ...(type === "password" || props.name === "login" ? CODE_LIKE : {}),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {type === "password" ? <input type="password" {...shared} /> : <input type="text" {...shared} />}
      {hint === "" ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** No capital letters and no corrections. */
const CODE_LIKE = { autocapitalize: "none", spellcheck: false } as const;

interface FormProps {
  readonly onSubmit: (fields: Readonly<Record<string, string>>, form: HTMLFormElement) => Promise<void>;
  readonly label?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A form that is sent once at a time. */
export function Form({ onSubmit, label, class: className = "form", children }: FormProps) {
  const busy = useRef(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    form.setAttribute("aria-busy", "true");
    try {
      await onSubmit(fieldsOf(form), form);
    } finally {
      busy.current = false;
      form.removeAttribute("aria-busy");
    }
  };
  return (
    <form
      class={className}
      {...(label === undefined ? {} : { "aria-label": label })}
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      {children}
    </form>
  );
}

function fieldsOf(form: HTMLFormElement): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields[name] = value;
  return fields;
}

/** What went wrong, said at once to a screen reader too. */
export function Problem({ error }: { readonly error: ApiError | string | null }) {
  if (error === null || error === "") return null;
  return (
    <p class="problem" role="alert">
      {typeof error === "string" ? error : problemWords(error)}
    </p>
  );
}

/** The words of the server, and how long to wait if it says so. */
export function problemWords({ status, message, retryAfterMs }: ApiError): string {
  if (status !== 429 || retryAfterMs === null) return message;
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const wait = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return words().common.tooManyAttempts(wait);
}

/** What went well. */
export function Done({ words }: { readonly words: string }) {
  return (
    <p class="done" role="status">
      {words}
    </p>
  );
}
