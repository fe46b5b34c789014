/**
 * The unsent edits of documents that no page has open: looked for now and then, sent one document after
 * the other, and shown while they wait. The shell around the plan; one page of a browser sends at a time.
 */

import { DeviceDatabase } from "../device/database";
import { ifAlone, livingTabs } from "../device/owner";
import { isSomebody, type IdentityStore } from "../identity/identity";
import { signal, type ReadonlySignal } from "../vendor/preact";
import { leftovers, type Leftover } from "./leftover";
import { SendingPlan, type ShownLeftover } from "./sendingplan";

const LOOK_MS = 5_000;
/** What is sent at once is nothing to be told of. */
const QUIET_MS = 1_500;

export class UnsentWatch {
  private readonly list = signal<readonly ShownLeftover[]>([]);
  private readonly plan = new SendingPlan();
  private looking = false;
  private left: readonly Leftover[] = [];
  private quietUntil: number | null = null;

  /**
   * @param store whose edits: those of the user whom the server has named
   * @param remembered the user who was here last, whose edits are shown without a server
   * @param own the document that this page has open, if any
   * @param mayBegin whether this page has nothing better to do
   */
  constructor(
    private readonly store: IdentityStore,
    private readonly remembered: () => string | null,
    private readonly own: string | null = null,
    private readonly mayBegin: () => boolean = () => true,
  ) {}

  /** What waits, by document. */
  get shown(): ReadonlySignal<readonly ShownLeftover[]> {
    return this.list;
  }

  /** Look from now on; returns what ends it. */
  start(): () => void {
    const look = (): void => void this.look();
    const online = (): void => {
      this.plan.hurry();
      look();
    };
    const timer = window.setInterval(() => {
      if (!document.hidden) look();
    }, LOOK_MS);
    window.addEventListener("online", online);
    window.addEventListener("focus", look);
    look();
    return () => {
      window.clearInterval(timer);
      window.removeEventListener("online", online);
      window.removeEventListener("focus", look);
    };
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.refresh();
      while (await this.sendNext()) await this.refresh();
    } catch {
      // A device that stores nothing has nothing to send.
    } finally {
      this.looking = false;
    }
  }

  private async sendNext(): Promise<boolean> {
    const user = this.confirmedUser();
    if (user === null || !navigator.onLine || !this.mayBegin()) return false;
    let wasSent = false;
    await ifAlone("sending", async () => {
      this.left = await this.read(user);
      const next = this.plan.next(this.left, performance.now());
      if (next === null) return;
      wasSent = true;
      this.show();
      const timer = window.setTimeout(() => this.show(), QUIET_MS + 50);
      try {
        const { deliver } = await import("./backgroundsession");
        const { document } = next;
        this.plan.ended(
          await deliver({ user, document }, (again) => this.store.admit(document, again)),
          performance.now(),
        );
      } catch (error) {
        this.plan.ended("later", performance.now());
        throw error;
      } finally {
        window.clearTimeout(timer);
      }
    });
    return wasSent;
  }

  private confirmedUser(): string | null {
    const identity = this.store.identity.value;
    return identity !== null && identity.user !== null && isSomebody(identity) ? identity.user.id : null;
  }

  private async refresh(): Promise<void> {
    const user = this.store.identity.value === null ? this.remembered() : this.confirmedUser();
    this.left = user === null ? [] : await this.read(user);
    this.show();
  }

  private async read(user: string): Promise<Leftover[]> {
    const database = await DeviceDatabase.open(() => undefined);
    try {
      const alive = await livingTabs();
      return leftovers(await database.unsent(user), alive).filter(({ document }) => document !== this.own);
    } finally {
      database.close();
    }
  }

  /** What is on its way belongs to a session of this page, and is left until that has ended. */
  private show(): void {
    const { onItsWay } = this.plan;
    const { left } = this;
    const all = onItsWay === null ? left : [onItsWay, ...left.filter(({ document }) => document !== onItsWay.document)];
    const now = performance.now();
    this.quietUntil = all.length === 0 ? null : (this.quietUntil ?? now + QUIET_MS);
    const isQuiet = this.quietUntil !== null && now < this.quietUntil;
    const shown = all
      .map((one) => ({ ...one, isStuck: this.plan.isStuck(one) }))
      .filter(({ isStuck }) => isStuck || !isQuiet || !navigator.onLine);
    if (JSON.stringify(shown) !== JSON.stringify(this.list.value)) this.list.value = shown;
  }
}
