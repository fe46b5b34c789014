/** `window.quire`: what the page knows, for tests and for a look from the browser's console. */

import type { CommandRegistry } from "../command/registry";
import type { LiveDocument } from "./live";

export interface QuireHandle {
  state(): { save: string; version: number; pending: number; connected: boolean };
  text(): string;
  /** Run the command of that id; tells whether there is one that is available. */
  run(command: string): boolean;
}

declare global {
  interface Window {
    quire?: QuireHandle;
  }
}

export function exposeHandle(live: LiveDocument, commands: CommandRegistry): void {
  window.quire = {
    state() {
      const { version, pending, phase } = live.session.view();
      return { save: live.session.save().words, version, pending, connected: phase === "live" };
    },
    text: () => live.text,
    run: (command) => commands.run(command),
  };
}
