/** An address to give to somebody, and a button that copies it. */

import { words } from "../language/language";
import { useEffect, useRef, useState } from "../vendor/preact";

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  /** Take the focus, as the thing that was just made. */
  readonly focus?: boolean;
}

export function CopyField({ label, value, focus = false }: CopyFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focus) button.current?.focus();
  }, [focus]);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    input.current?.select();
    setCopied(await copyText(value));
  };
  return (
    <div class="copy-field">
      <input
        ref={input}
        type="text"
        readOnly
        aria-label={label}
        value={value}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="button" ref={button} onClick={() => void copy()}>
        {copied ? words().common.copied : words().common.copy}
      </button>
      <span class="visually-hidden" role="status">
        {copied ? words().common.copied : ""}
      </span>
    </div>
  );
}

/** True if it is in the clipboard, which the browser may forbid. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
