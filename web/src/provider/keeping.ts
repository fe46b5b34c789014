/**
 * A document session on its device: what is noted, what comes back after a reload, whose edits are
 * taken over, and which texts could not be saved. The shell between the core and the device.
 */

import { DocumentDevice, type DeviceTrouble } from "../device/device";
import { NO_HISTORY, type DeviceRecord } from "../device/record";
import { insertedText } from "../device/salvage";
import { sortOut, type KeptText, type Restored, type StoredEdit } from "../device/stored";
import { isGuest } from "../identity/guestid";
import type { PendingEdit } from "./pending";
import type { SessionView } from "./sessionevent";

const ADOPT_INTERVAL_MS = 5_000;

export interface KeepingHost {
  view(): SessionView;
  pendingEdits(): readonly PendingEdit[];
  root(): string;
  encodeState(): Uint8Array;
  /** The session begins with what this device had. */
  restored(restored: Restored): void;
  /** A tab is gone, and these are this tab's to send. */
  adopted(edits: readonly StoredEdit[], epoch: string): void;
  /** What the session began with belongs to another user than the one who is here. */
  foreign(): void;
  changed(): void;
}

export class Keeping {
  /** Texts that could not be saved, the newest last. */
  texts: readonly KeptText[] = [];

  private device: DocumentDevice | null = null;
  private isRestored = false;
  /** Edits of another tab are this one's to send. */
  private hasAdopted = false;
  private met = false;
  /** The page was told that it is another user's. */
  private foreign = false;
  private persisted = false;
  private readonly timer = window.setInterval(() => void this.adopt(), ADOPT_INTERVAL_MS);

  constructor(
    private readonly document: string,
    private readonly tab: string,
    private readonly host: KeepingHost,
  ) {}

  /** Begin with what the device has for `user`, before anything is heard from the server. */
  async start(user: string | null): Promise<void> {
    if (user === null) return;
    const device = this.attach(user);
    const restored = await device.open();
    if (restored !== null) this.restore(restored);
    await this.adopt();
    await this.lookForTexts();
  }

  /** Why edits are not on the device; null also while nothing says that they are not. */
  get trouble(): DeviceTrouble | null {
    return this.device === null ? null : this.device.trouble;
  }

  /** Whether closing this tab loses nothing. */
  get holdsAll(): boolean {
    return this.device?.holdsAll ?? false;
  }

  record(epoch: string, record: DeviceRecord): void {
    this.device?.record(epoch, record);
  }

  /** Pending edits were given up; `text` is what the user had, or null if it is not wanted. */
  replaced(text: string | null): void {
    const kept = this.device?.replaced(text) ?? (text === null ? null : { at: Date.now(), text });
    if (kept !== null) this.add(kept);
  }

  /** Keep a text that did not become part of the document. */
  keep(text: string): void {
    this.add(this.device?.keep(text) ?? { at: Date.now(), text });
  }

  /** The user has dealt with a text. */
  forget(text: KeptText): void {
    this.texts = this.texts.filter((other) => other !== text);
    void this.device?.forget(text);
    this.host.changed();
  }

  async eraseReplica(): Promise<void> {
    await this.device?.eraseReplica();
  }

  async flushed(): Promise<void> {
    await this.device?.flushed();
  }

  /** After every event: who is here, and is there much to be condensed? */
  settled(): void {
    const { user, phase, pending, version, epoch } = this.host.view();
    if (user !== null) this.meet(user.id);
    if (phase === "offline" && pending > 0) this.persist();
    if (phase !== "live" || pending > 0 || epoch === null || this.device?.wantsState !== true) return;
    this.device.record(epoch, { kind: "state", version, state: this.host.encodeState() });
  }

  dispose(): void {
    window.clearInterval(this.timer);
    void this.device?.close();
    this.device = null;
  }

  private attach(user: string): DocumentDevice {
    const device = new DocumentDevice({ user, document: this.document }, this.tab, {
      traits: () => {
        const { role, maxChars } = this.host.view();
        return { root: this.host.root(), role: role ?? "viewer", maxChars };
      },
      pending: () => ({ epoch: this.epoch, records: this.pendingRecords() }),
      changed: () => this.host.changed(),
    });
    this.device = device;
    return device;
  }

  private get epoch(): string {
    return this.host.view().epoch ?? NO_HISTORY;
  }

  private pendingRecords(): DeviceRecord[] {
    return this.host.pendingEdits().map((edit) => ({ kind: "edited", edit }));
  }

  private restore(restored: Restored): void {
    try {
      this.host.restored(restored);
      this.isRestored = true;
    } catch {
      // What cannot be read is no copy of the document: the server has another one.
      void this.device?.eraseReplica();
    }
  }

  /**
   * A guest who comes back as another guest, or has signed in, takes along what was typed in this tab.
   * What an account has not sent waits on the device for that account: it is never sent as another's.
   */
  private meet(user: string): void {
    const before = this.device;
    if (before?.place.user === user) {
      this.met = true;
      return;
    }
    if (before !== null && !this.mayTakeAlong(before.place.user)) {
      if (!this.foreign) this.host.foreign();
      this.foreign = true;
      return;
    }
    this.met = true;
    const { epoch } = this;
    const records = this.pendingRecords();
    before?.record(epoch, { kind: "renounced" });
    void before?.close();
    const device = this.attach(user);
    for (const record of records) device.record(epoch, record);
    void device.open().then(() => this.adopt()).then(() => this.lookForTexts());
  }

  private mayTakeAlong(user: string): boolean {
    return isGuest(user) && (this.met || !(this.isRestored || this.hasAdopted));
  }

  private async adopt(): Promise<void> {
    const { device } = this;
    const edits = (await device?.adopt()) ?? [];
    if (device === null || edits.length === 0) return;
    this.hasAdopted = true;
    const { epoch, adopted, stranded } = sortOut(edits, this.host.view().epoch);
    if (adopted.length > 0) this.host.adopted(adopted, epoch);
    const text = insertedText(stranded.map(({ update }) => update));
    // They mean another history of the document, which no server has any more.
    if (stranded.length > 0) this.add(device.strand(stranded, text));
  }

  private async lookForTexts(): Promise<void> {
    const found = (await this.device?.kept()) ?? [];
    const known = new Set(this.texts.map(({ at }) => at));
    this.texts = [...found.filter(({ at }) => !known.has(at)), ...this.texts];
    if (found.length > 0) this.host.changed();
  }

  private add(kept: KeptText): void {
    this.texts = [...this.texts, kept];
    this.host.changed();
  }

  /** Ask the browser not to clear the storage by itself, once there is something to lose. */
  private persist(): void {
    if (this.persisted) return;
    this.persisted = true;
    const storage = (navigator as { readonly storage?: StorageManager }).storage;
    void storage?.persist?.().catch(() => undefined);
  }
}
