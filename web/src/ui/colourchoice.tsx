/** The colour in which others see one: one of a palette on which white letters can be read. */

import { attempt } from "../api/request";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { useState } from "../vendor/preact";
import { Problem } from "./form";

/** As the server has them: `PALETTE` in `app/identity/display_name.py`. */
export const PALETTE = [
  "#d91f2f",
  "#ba4e0f",
  "#916808",
  "#5e780d",
  "#178028",
  "#0e7e62",
  "#0c7a8f",
  "#1670c9",
  "#4d61e6",
  "#844fe0",
  "#b625d3",
  "#cf1e85",
] as const;

interface ColourChoiceProps {
  readonly store: IdentityStore;
  readonly color: string;
  /** The others should see it. */
  readonly onChosen: () => void;
}

export function ColourChoice({ store, color, onChosen }: ColourChoiceProps) {
  const [problem, setProblem] = useState("");
  const choose = async (chosen: string): Promise<void> => {
    const error = await attempt(() => store.recolor(chosen));
    setProblem(error?.message ?? "");
    if (error === null) onChosen();
  };
  const { colour, colourNumber } = words().user;
  return (
    <fieldset class="colours">
      <legend>{colour}</legend>
      <div class="colours-row">
        {PALETTE.map((each, index) => (
          <label key={each} class="colour" style={{ backgroundColor: each }}>
            <input
              type="radio"
              name="colour"
              class="visually-hidden"
              aria-label={colourNumber(index + 1)}
              checked={each === color}
              onChange={() => void choose(each)}
            />
          </label>
        ))}
      </div>
      <Problem error={problem} />
    </fieldset>
  );
}
