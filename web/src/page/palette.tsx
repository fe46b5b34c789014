/** Every command, found by a few letters of its name. */

import type { Command } from "../command/command";
import { fuzzySort, type Match } from "../command/fuzzy";
import { isAvailable, type CommandRegistry } from "../command/registry";
import { shortcutKeys } from "../command/shortcut";
import { words } from "../language/language";
import { Combobox } from "../ui/combobox";
import { Dialog } from "../ui/dialog";
import { Icon, isIcon } from "../ui/icon";
import { Keys } from "../ui/keys";
import { useState } from "../vendor/preact";

interface PaletteProps {
  readonly commands: CommandRegistry;
  readonly onClose: () => void;
}

export function Palette({ commands, onClose }: PaletteProps) {
  const [typed, setTyped] = useState("");
  const { palette, paletteHint, nothingFound } = words().command;
  const listed = commands.all.filter(({ id }) => id !== "palette");
  const found = fuzzySort(typed, listed, ({ label }) => label());
  return (
    <Dialog title={palette} onClose={onClose} bare class="palette">
      <Combobox
        label={palette}
        placeholder={paletteHint}
        nothing={nothingFound}
        value={typed}
        onInput={setTyped}
        options={found.map(({ item, match }) => ({
          id: item.id,
          disabled: !isAvailable(item),
          content: <Line command={item} match={match} isMac={commands.isMac} />,
        }))}
        onChoose={(id) => {
          onClose();
          // When the dialog is away, the focus is where it was before.
          window.setTimeout(() => commands.run(id));
        }}
      />
    </Dialog>
  );
}

interface LineProps {
  readonly command: Command;
  readonly match: Match;
  readonly isMac: boolean;
}

function Line({ command, match, isMac }: LineProps) {
  const { icon = "", group, shortcut } = command;
  return (
    <>
      <span class="menu-icon">{isIcon(icon) ? <Icon name={icon} size={16} /> : null}</span>
      <span class="menu-label">
        <Marked label={command.label()} places={match.places} />
      </span>
      <span class="palette-group">{words().command.groups[group]}</span>
      {shortcut === undefined ? null : <Keys keys={shortcutKeys(shortcut, isMac, words().command.keys)} />}
    </>
  );
}

/** The letters that were typed stand out. */
function Marked({ label, places }: { readonly label: string; readonly places: readonly number[] }) {
  const parts: { words: string; isMatch: boolean }[] = [];
  for (let at = 0; at < label.length; at++) {
    const isMatch = places.includes(at);
    const last = parts[parts.length - 1];
    if (last?.isMatch === isMatch) last.words += label[at];
    else parts.push({ words: label[at] ?? "", isMatch });
  }
  return <>{parts.map(({ words: part, isMatch }) => (isMatch ? <b>{part}</b> : part))}</>;
}
