/**
 * Which tabs are alive, by Web Locks: a tab holds the lock of its name until it is closed, crashes
 * or is discarded. Where there are none (a page without TLS), every other tab counts as gone; two
 * that send the same edits send the same ids, and the server logs them once.
 */

const lockName = (tab: string): string => `quire:tab:${tab}`;

const locks = (): LockManager | null =>
  (navigator as { readonly locks?: LockManager }).locks ?? null;

/** Say that this tab is alive; resolves when others can know it. Returns what takes that back. */
export function stayAlive(tab: string): Promise<() => void> {
  const manager = locks();
  if (manager === null) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    manager
      .request(lockName(tab), () => new Promise<void>((end) => resolve(() => end())))
      .catch(() => resolve(() => undefined)); // forbidden here, like storage
  });
}

/** The tabs that are alive; null where that cannot be known. */
export async function livingTabs(): Promise<ReadonlySet<string> | null> {
  try {
    const { held = [] } = (await locks()?.query()) ?? {};
    if (locks() === null) return null;
    const prefix = lockName("");
    return new Set(held.flatMap(({ name = "" }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
  } catch {
    return null;
  }
}

/** Run `action` while no other page of this browser does so; false if one does. */
export async function ifAlone(deed: string, action: () => Promise<void>): Promise<boolean> {
  const manager = locks();
  if (manager === null) {
    await action();
    return true;
  }
  return manager.request(`quire:${deed}`, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await action();
    return lock !== null;
  });
}

/** Run `action` if `tab` is gone; of several tabs that ask at once, one runs it at a time. */
export async function ifGone(tab: string, action: () => Promise<void>): Promise<void> {
  const manager = locks();
  if (manager === null) return action();
  await manager.request(lockName(tab), { ifAvailable: true }, async (lock) => {
    if (lock !== null) await action();
  });
}
