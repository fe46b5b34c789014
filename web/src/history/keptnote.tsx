/** How much of the history is kept: a line in its panel, and the choice that is left where a version is gone. */

import { words } from "../language/language";
import { Dialog } from "../ui/dialog";
import type { Gone, KeptHistory } from "./missing";
import { shortDay } from "./times";

/** What is kept, and until when not all is. */
export interface Kept extends KeptHistory {
  /** The time of the last version before which some are gone, in milliseconds since 1970; null: none is. */
  readonly until: number | null;
}

export function KeptNote({ kept }: { readonly kept: Kept | null }) {
  const said = kept === null ? [] : keptWords(kept);
  if (said.length === 0) return null;
  return <p class="hint history-kept">{said.join(" ")}</p>;
}

function keptWords({ kind, days, until }: Kept): string[] {
  const { sittings, named, some, thin, drop } = words().history.kept;
  const past = until === null ? [] : [{ thin: sittings, drop: named, keep: some }[kind](shortDay(until))];
  if (kind === "keep" || days === null) return past;
  return [...past, (kind === "thin" ? thin : drop)(days)];
}

interface GoneDialogProps {
  readonly gone: Gone;
  /** What a button says that takes a kept version instead. */
  readonly label: (version: number) => string;
  readonly choose: (version: number) => void;
  readonly close: () => void;
}

export function GoneDialog({ gone, label, choose, close }: GoneDialogProps) {
  const { goneTitle, goneLead } = words().history.kept;
  const choices = [gone.before, gone.after].filter((version) => version > 0);
  return (
    <Dialog title={goneTitle(gone.version)} onClose={close}>
      <div class="form">
        <p class="hint">{goneLead}</p>
        <div class="row">
          {choices.map((version) => (
            <button
              key={version}
              type="button"
              class="button"
              onClick={() => {
                close();
                choose(version);
              }}
            >
              {label(version)}
            </button>
          ))}
          <button type="button" class="button" onClick={close}>
            {words().common.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
