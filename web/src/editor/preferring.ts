/** The preferences of this device, applied to an editor, now and whenever they change. */

import type { Command } from "../command/command";
import { words } from "../language/language";
import {
  Compartment,
  EditorState,
  EditorView,
  Prec,
  ViewPlugin,
  type Extension,
} from "../vendor/codemirror";
import { effect } from "../vendor/preact";
import { prefer, preferences, type Keys, type Preferences } from "./preferences";

const looks = new Compartment();
const keys = new Compartment();

const looksOf = ({ spellcheck, wrap, tabSize }: Preferences): Extension => [
  wrap ? EditorView.lineWrapping : [],
  EditorState.tabSize.of(tabSize),
  EditorView.contentAttributes.of({ spellcheck: String(spellcheck) }),
];

/** The keys of another editor, which are loaded first. */
async function keysOf(chosen: Keys): Promise<Extension> {
  if (chosen === "vim") return (await import("../vendor/vim")).vim({ status: true });
  if (chosen === "emacs") return (await import("./emacs")).emacs;
  return [];
}

const following = ViewPlugin.define((view) => {
  let shownKeys: Keys = "default";
  const stop = effect(() => {
    const chosen = preferences.value;
    // An effect runs first while the editor is being made, when nothing can be dispatched yet.
    queueMicrotask(() => {
      if (!view.dom.isConnected && view.dom.parentElement === null) return;
      view.dispatch({ effects: looks.reconfigure(looksOf(chosen)) });
      if (chosen.keys === shownKeys) return;
      shownKeys = chosen.keys;
      void keysOf(chosen.keys).then(
        (extension) => {
          if (preferences.value.keys === chosen.keys) view.dispatch({ effects: keys.reconfigure(Prec.highest(extension)) });
        },
        () => undefined, // Offline they cannot be loaded; the usual keys stay.
      );
    });
  });
  return { destroy: stop };
});

/** Among the first extensions, so that the keys of Vim or Emacs come before all others. */
export const preferring = (): Extension => [keys.of([]), looks.of(looksOf(preferences.value)), following];

/** Choices for the palette, each telling in `active` whether it is on. */
export function preferenceCommands(): Command[] {
  const choice = (
    id: keyof ReturnType<typeof words>["writing"]["preferences"],
    active: (chosen: Preferences) => boolean,
    run: () => void,
  ): Command => ({
    id,
    group: "view",
    label: () => words().writing.preferences[id],
    active: () => active(preferences.value),
    run,
  });
  const toggleKeys = (chosen: Keys) => (): void =>
    prefer({ keys: preferences.value.keys === chosen ? "default" : chosen });
  return [
    choice("vim-keys", (chosen) => chosen.keys === "vim", toggleKeys("vim")),
    choice("emacs-keys", (chosen) => chosen.keys === "emacs", toggleKeys("emacs")),
    choice("spellcheck", ({ spellcheck }) => spellcheck, () => prefer({ spellcheck: !preferences.value.spellcheck })),
    choice("wrap-lines", ({ wrap }) => wrap, () => prefer({ wrap: !preferences.value.wrap })),
    choice("tab-size-2", ({ tabSize }) => tabSize === 2, () => prefer({ tabSize: 2 })),
    choice("tab-size-4", ({ tabSize }) => tabSize === 4, () => prefer({ tabSize: 4 })),
    choice("tab-size-8", ({ tabSize }) => tabSize === 8, () => prefer({ tabSize: 8 })),
  ];
}
