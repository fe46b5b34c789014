/** A field with a list of what fits what is typed in it; the focus stays in the field. */

import { useId, useLayoutEffect, useRef, useState, type ComponentChild } from "../vendor/preact";
import { indexByKey } from "./roving";

export interface ComboOption {
  readonly id: string;
  readonly content: ComponentChild;
  readonly disabled?: boolean;
}

interface ComboboxProps {
  readonly label: string;
  readonly placeholder: string;
  readonly options: readonly ComboOption[];
  readonly value: string;
  /** In place of the list where nothing fits. */
  readonly nothing: string;
  readonly onInput: (value: string) => void;
  readonly onChoose: (id: string) => void;
  /** Among other things: the list lies over what is below, there is none without options, and the focus is not taken. */
  readonly floats?: boolean;
}

export function Combobox({ label, placeholder, options, value, nothing, onInput, onChoose, floats = false }: ComboboxProps) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const found = options.findIndex((option) => option.id === chosen);
  const index = found === -1 ? 0 : found;
  useLayoutEffect(() => {
    if (!floats) input.current?.focus();
  }, []);
  useLayoutEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  const choose = (option: ComboOption | undefined): void => {
    if (option !== undefined && option.disabled !== true) onChoose(option.id);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Enter") choose(options[index]);
    else if (event.key === "Escape" && floats && value !== "") {
      onInput("");
      event.stopPropagation();
    } else if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    else {
      const next = indexByKey(event.key, { index, axis: "vertical", reachable: options.map(() => true) });
      setChosen(options[next ?? 0]?.id ?? null);
    }
    event.preventDefault();
  };
  const optionId = (at: number): string => `${id}-${at}`;
  return (
    <div class={floats ? "combobox combobox-floats" : "combobox"}>
      <input
        ref={input}
        class="combobox-field"
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={options.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(options.length === 0 ? {} : { "aria-activedescendant": optionId(index) })}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => {
          setChosen(null);
          onInput(event.currentTarget.value);
        }}
        onKeyDown={press}
      />
      <ul ref={list} id={`${id}-list`} class="combobox-list" role="listbox" aria-label={label} hidden={floats && options.length === 0}>
        {options.map((option, at) => (
          <li
            key={option.id}
            id={optionId(at)}
            class="combobox-option"
            role="option"
            aria-selected={at === index}
            aria-disabled={option.disabled === true}
            onPointerMove={() => setChosen(option.id)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(option)}
          >
            {option.content}
          </li>
        ))}
      </ul>
      <p class="combobox-nothing" role="status">
        {options.length === 0 ? nothing : ""}
      </p>
    </div>
  );
}
