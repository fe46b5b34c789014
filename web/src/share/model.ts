/** The state of the share dialog: who has access, the links, and the changes that are made to both. */

import * as api from "../api/access";
import type { Access, ShareLink, Subject } from "../api/access";
import { attempt, type ApiError } from "../api/request";
import type { Role } from "../protocol";
import { batch, signal } from "../vendor/preact";

/** What the model asks the server; `api/access.ts`, or a stand-in in tests. */
export type AccessSource = Pick<
  typeof api,
  "getAccess" | "setAccess" | "listLinks" | "createLink" | "revokeLink"
>;

export class ShareModel {
  readonly access = signal<Access | null>(null);
  readonly links = signal<readonly ShareLink[]>([]);
  /** The link that has just been made: only now its address is known. */
  readonly made = signal<ShareLink | null>(null);
  readonly problem = signal<ApiError | null>(null);

  constructor(
    private readonly document: string,
    private readonly source: AccessSource = api,
  ) {}

  async load(): Promise<void> {
    await this.run(() => this.refresh());
  }

  async setAccess(subject: Subject, role: Role | null): Promise<void> {
    await this.run(async () => {
      await this.source.setAccess(this.document, subject, role);
      await this.refresh();
    });
  }

  async createLink(role: Role, expiresAt: number | null): Promise<void> {
    await this.run(async () => {
      this.made.value = await this.source.createLink(this.document, role, expiresAt);
      await this.refresh();
    });
  }

  async revokeLink(id: string): Promise<void> {
    await this.run(async () => {
      await this.source.revokeLink(this.document, id);
      if (this.made.value?.id === id) this.made.value = null;
      await this.refresh();
    });
  }

  private async refresh(): Promise<void> {
    const [access, links] = await Promise.all([
      this.source.getAccess(this.document),
      this.source.listLinks(this.document),
    ]);
    batch(() => {
      this.access.value = access;
      this.links.value = links;
    });
  }

  /** What is shown stays what the server has: a change that fails is said, and nothing else. */
  private async run(change: () => Promise<void>): Promise<void> {
    this.problem.value = null;
    this.problem.value = await attempt(change);
  }
}
