/** All commands of the page, in the order in which its parts gave them. Pure. */

import { signal, type ReadonlySignal } from "../vendor/preact";
import type { Command } from "./command";
import { fitOf, type KeyPress } from "./shortcut";

export class CommandRegistry {
  private readonly lists = signal<readonly (readonly Command[])[]>([]);

  constructor(readonly isMac: boolean) {}

  /** Add the commands of one part of the page; the function that is returned takes them away. */
  add(commands: readonly Command[]): () => void {
    for (const { id } of commands) {
      if (this.get(id) !== null) throw new Error(`there are two commands called ${id}`);
    }
    this.lists.value = [...this.lists.value, commands];
    return () => {
      this.lists.value = this.lists.value.filter((list) => list !== commands);
    };
  }

  /** Every command. A component that asks is rendered again when there are others. */
  get all(): readonly Command[] {
    return this.lists.value.flat();
  }

  get changes(): ReadonlySignal<unknown> {
    return this.lists;
  }

  get(id: string): Command | null {
    return this.all.find((command) => command.id === id) ?? null;
  }

  /**
   * The command that the page runs for `press`, or null. What the editor binds is its own affair; of
   * two that fit, the one that fits better, and then the earlier one.
   */
  find(press: KeyPress): Command | null {
    let best: Command | null = null;
    let bestFit = 0;
    for (const command of this.all) {
      if (command.boundByEditor === true) continue;
      for (const shortcut of shortcutsOf(command)) {
        const fit = fitOf(press, shortcut, this.isMac);
        if (fit > bestFit) [best, bestFit] = [command, fit];
      }
    }
    return best;
  }

  /** Run the command called `id`, if there is one and it is available; tells whether it ran. */
  run(id: string): boolean {
    const command = this.get(id);
    if (command === null || !isAvailable(command)) return false;
    command.run();
    return true;
  }
}

export const isAvailable = (command: Command): boolean => command.available?.() !== false;

export const shortcutsOf = ({ shortcut, otherShortcuts = [] }: Command): readonly string[] =>
  shortcut === undefined ? otherShortcuts : [shortcut, ...otherShortcuts];
