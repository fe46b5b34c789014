/** Who the user of this page is: asked once, and known to every part of the page as a signal. */

import { isReadable } from "../api/documents";
import { ApiError } from "../api/request";
import * as api from "../api/session";
import type { Identity } from "../api/session";
import { forgetName, rememberedName } from "../memory";
import type { Admission } from "../provider/admission";
import { signal, type ReadonlySignal } from "../vendor/preact";

/** What the store asks the server; `api/session.ts`, or a stand-in in tests. */
export interface IdentitySource {
  getIdentity(): Promise<Identity>;
  becomeGuest(name: string | null): Promise<Identity>;
  renameUser(name: string): Promise<Identity>;
  recolorUser(color: string): Promise<Identity>;
  signIn(login: string, password: string): Promise<Identity>;
  getTicket(document: string): Promise<string>;
  isReadable(document: string): Promise<boolean>;
}

/** The name kept by an earlier Quire in this browser. */
export interface RememberedName {
  get(): string | null;
  forget(): void;
}

export class IdentityStore {
  private readonly known = signal<Identity | null>(null);
  private wasSignedIn = false;

  constructor(
    private readonly source: IdentitySource = { ...api, isReadable },
    private readonly remembered: RememberedName = { get: rememberedName, forget: forgetName },
  ) {}

  /** Null until `load` has answered. */
  get identity(): ReadonlySignal<Identity | null> {
    return this.known;
  }

  /** Ask the server. In open mode whoever is nobody becomes a guest. */
  async load(): Promise<Identity> {
    const found = await this.source.getIdentity();
    if (found.mode === "open" && !isSomebody(found)) return this.becomeGuest();
    return this.take(await this.withRememberedName(found));
  }

  /** Somebody, whom a ticket can be for: the user who is known, or else a guest. */
  async becomeGuest(): Promise<Identity> {
    const identity = await this.source.becomeGuest(this.remembered.get());
    this.remembered.forget();
    return this.take(identity);
  }

  async rename(name: string): Promise<Identity> {
    return this.take(await this.source.renameUser(name));
  }

  /** @param color one of the palette */
  async recolor(color: string): Promise<Identity> {
    return this.take(await this.source.recolorUser(color));
  }

  async signIn(login: string, password: string): Promise<Identity> {
    return this.take(await this.source.signIn(login, password));
  }

  /** Take an identity that another request has answered. */
  take(identity: Identity): Identity {
    this.known.value = identity;
    this.wasSignedIn ||= isSomebody(identity) && identity.kind !== "guest";
    return identity;
  }

  /**
   * A ticket for one connection to `document`, or the reason why there is none.
   *
   * @param again for a connection that is open: its session may have been extended since
   */
  async admit(document: string, again = false): Promise<Admission> {
    try {
      if (this.known.value === null || again) await this.load();
      return await this.ticket(document);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return refusal(error);
    }
  }

  private async ticket(document: string): Promise<Admission> {
    const known = this.known.value;
    if (known !== null && !isSomebody(known)) {
      // A look at the session while the connection was down has told already that it has ended.
      return this.wasSignedIn ? { kind: "signed-out" } : this.admitVisitor(document);
    }
    try {
      const token = await this.source.getTicket(document);
      return { kind: "ticket", token, expiresAt: this.known.value?.expiresAt ?? null };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) return this.admitStranger(document);
      return refusal(error);
    }
  }

  /** The cookie is gone, or its session has ended. A guest of open mode comes back as another. */
  private async admitStranger(document: string): Promise<Admission> {
    const now = await this.load();
    if (now.mode !== "open") return { kind: "signed-out" };
    const token = await this.source.getTicket(document);
    return { kind: "ticket", token, expiresAt: now.expiresAt };
  }

  /** Whoever is nobody may read what is public, as a guest; nothing else needs a guest. */
  private async admitVisitor(document: string): Promise<Admission> {
    if (!(await this.source.isReadable(document))) return { kind: "refused" };
    const { expiresAt } = await this.becomeGuest();
    return { kind: "ticket", token: await this.source.getTicket(document), expiresAt };
  }

  /** A guest of today keeps the name of yesterday. */
  private async withRememberedName(found: Identity): Promise<Identity> {
    const name = this.remembered.get();
    if (name === null || found.user === null) return found;
    const renamed = found.kind === "guest" && found.user.name !== name;
    const identity = renamed ? await this.source.renameUser(name) : found;
    this.remembered.forget();
    return identity;
  }
}

/** Whether a socket can be opened in this user's name: a bare name proves nothing. */
export const isSomebody = ({ user, kind }: Identity): boolean =>
  user !== null && kind !== "visitor" && kind !== "named";

function refusal(error: ApiError): Admission {
  if (error.status === 401 || error.status === 403 || error.status === 404) return { kind: "refused" };
  return { kind: "later", afterMs: error.retryAfterMs ?? 0 };
}
