/** What leaves this device when a user signs out. */

import { forgetEverything } from "../memory";
import { DeviceDatabase } from "./database";

/** The edits of a user on this device that the server has not acknowledged. */
export async function countUnsent(user: string): Promise<number> {
  return (await withDatabase((database) => database.countEdits(user))) ?? 0;
}

/** Forget the user's documents, edits and kept texts. */
export async function eraseDevice(user: string): Promise<void> {
  forgetEverything();
  await withDatabase((database) => database.eraseUser(user));
}

/** Null where the browser stores nothing, or not now. */
async function withDatabase<T>(action: (database: DeviceDatabase) => Promise<T>): Promise<T | null> {
  try {
    const database = await DeviceDatabase.open(() => undefined);
    try {
      return await action(database);
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}
