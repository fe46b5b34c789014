/** The list of all shortcuts. */

import type { CommandGroup } from "../command/command";
import type { CommandRegistry } from "../command/registry";
import { shortcutKeys } from "../command/shortcut";
import { words } from "../language/language";
import { Dialog } from "../ui/dialog";
import { Keys } from "../ui/keys";

interface ShortcutHelpProps {
  readonly commands: CommandRegistry;
  readonly onClose: () => void;
}

export function ShortcutHelp({ commands, onClose }: ShortcutHelpProps) {
  const { shortcuts, groups, keys } = words().command;
  const bound = commands.all.filter(({ shortcut }) => shortcut !== undefined);
  const used = (Object.keys(groups) as CommandGroup[]).filter((group) => bound.some((command) => command.group === group));
  return (
    <Dialog title={shortcuts} onClose={onClose} class="shortcut-help">
      <div class="shortcut-groups">
        {used.map((group) => (
          <section key={group}>
            <h3>{groups[group]}</h3>
            <dl>
              {bound
                .filter((command) => command.group === group)
                .map(({ id, label, shortcut = "" }) => (
                  <div key={id} class="shortcut-row">
                    <dt>{label()}</dt>
                    <dd>
                      <span class="visually-hidden">{shortcutKeys(shortcut, commands.isMac, keys).join(" + ")}</span>
                      <Keys keys={shortcutKeys(shortcut, commands.isMac, keys)} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
