/** `window.quire`: what the page knows, for tests and for a look from the browser's console. */

import type { LiveDocument } from "./live";

export interface QuireHandle {
  state(): { save: string; version: number; pending: number; connected: boolean };
  text(): string;
}

declare global {
  interface Window {
    quire?: QuireHandle;
  }
}

export function exposeHandle(live: LiveDocument): void {
  window.quire = {
    state() {
      const { version, pending, phase } = live.session.view();
      return { save: live.session.save().words, version, pending, connected: phase === "live" };
    },
    text: () => live.text,
  };
}
