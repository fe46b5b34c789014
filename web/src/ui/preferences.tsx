/** What the user prefers on this device: light or dark, and the language. */

import { LANGUAGES, chooseLanguage, shownLanguage, words, type Language } from "../language/language";
import { THEMES, chooseTheme, shownTheme } from "../theme/theme";
import { useState } from "../vendor/preact";
import { Icon } from "./icon";

export function Preferences() {
  return (
    <div class="preferences">
      <ThemeChoice />
      <LanguageChoice />
    </div>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(shownTheme);
  const { theme: label, themes } = words().user;
  return (
    <div class="preference" role="radiogroup" aria-label={label}>
      <span class="preference-label" aria-hidden="true">
        {label}
      </span>
      <span class="segmented">
        {THEMES.map((choice) => (
          <label key={choice} class="segment" data-tip={themes[choice]}>
            <input
              type="radio"
              name="theme"
              class="visually-hidden"
              aria-label={themes[choice]}
              checked={theme === choice}
              onChange={() => {
                chooseTheme(choice);
                setTheme(choice);
              }}
            />
            <Icon name={({ system: "system", light: "sun", dark: "moon" } as const)[choice]} size={16} />
          </label>
        ))}
      </span>
    </div>
  );
}

function LanguageChoice() {
  const { language } = words().user;
  return (
    <label class="preference">
      <span class="preference-label">{language}</span>
      <select
        class="select"
        value={shownLanguage()}
        onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
