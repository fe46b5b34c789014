/** The unsent edits of one document, sent without its page: a session that ends when they are saved. */

import type { Place } from "../device/database";
import type { Admit } from "../provider/admission";
import { DocumentSession } from "../provider/session";
import { socketUrl } from "../provider/socketurl";
import { outcomeOf, type Outcome } from "./sendingplan";

const LOOK_MS = 500;

/**
 * Take over the edits that closed pages left, as a page of that document would, and send them.
 * They stay on the device until they are acknowledged; after any end the next page takes them over.
 */
export async function deliver({ user, document }: Place, admit: Admit): Promise<Outcome> {
  let session: DocumentSession | null = null;
  const outcome = await new Promise<Outcome>((resolve) => {
    const began = performance.now();
    let pending = -1;
    let changedAt = began;
    const look = (): void => {
      if (session === null) return;
      const view = session.view();
      const now = performance.now();
      if (view.pending !== pending) changedAt = now;
      pending = view.pending;
      const came = outcomeOf({
        phase: view.phase,
        pending,
        isWritable: session.writable,
        stopped: view.stopped,
        tookMs: now - began,
        stillMs: now - changedAt,
      });
      if (came !== null) end(came);
    };
    const timer = window.setInterval(look, LOOK_MS);
    const end = (came: Outcome): void => {
      window.clearInterval(timer);
      resolve(came);
    };
    session = new DocumentSession(
      { url: socketUrl(), document, user: () => Promise.resolve(user), admit },
      {
        changed: () => queueMicrotask(look),
        replaced: () => undefined,
        presence: () => undefined,
        stored: () => undefined,
        // Somebody else is here now: what is this user's waits for this user.
        foreign: () => end("later"),
      },
    );
    void session.start();
  });
  const ended = session as DocumentSession | null;
  await ended?.keeping.flushed();
  ended?.dispose();
  return outcome;
}
