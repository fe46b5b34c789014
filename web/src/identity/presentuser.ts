/** Who uses this page, as far as it can be known without the server: this browser remembers. */

import { forgetUser, rememberUser, rememberedUser } from "../memory";
import { effect } from "../vendor/preact";
import { isSomebody, type IdentityStore } from "./identity";

/** A server that does not answer must not keep the user from the text that is on the device. */
const PATIENCE_MS = 1_000;

/** The id of the user; of an earlier page if the server does not answer; null: nobody is known. */
export async function presentUser(store: IdentityStore): Promise<string | null> {
  const before = rememberedUser();
  effect(() => {
    const identity = store.identity.value;
    if (identity === null) return;
    if (identity.user !== null && isSomebody(identity)) rememberUser(identity.user.id);
    else forgetUser();
  });
  const patience = new Promise<null>((resolve) => window.setTimeout(() => resolve(null), PATIENCE_MS));
  const identity = await Promise.race([store.load().catch(() => null), patience]);
  if (identity === null) return before;
  return identity.user !== null && isSomebody(identity) ? identity.user.id : null;
}
