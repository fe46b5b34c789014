/** The answer to who the user is, which the boot script asks for before the rest of the page is there. */

declare global {
  interface Window {
    quireSession?: Promise<Response | null>;
  }
}

/** The first time, what the server has answered; null later on, and where it could not be reached. */
export async function takeSession(): Promise<Response | null> {
  const asked = window.quireSession;
  delete window.quireSession;
  return (await asked) ?? null;
}
