/**
 * The IndexedDB of this device: documents as they were when they were last open here, edits that
 * the server has not acknowledged, and texts that could not be saved. Everything is kept by user.
 */

import { basePath } from "../base";
import {
  isCovered,
  isNewer,
  type KeptText,
  type StoredDocument,
  type StoredEdit,
  type StoredRange,
  type StoredReplica,
  type StoredUnsent,
  type StoreOperation,
} from "./stored";

const FORMAT = 1;
const STORES = ["replicas", "ranges", "edits", "kept"] as const;
type Store = (typeof STORES)[number];

/** The document of one user. */
export interface Place {
  readonly user: string;
  readonly document: string;
}

export class DeviceDatabase {
  /** @param lost called when the browser closes the database, as when its data is cleared */
  static async open(lost: () => void): Promise<DeviceDatabase> {
    const request = indexedDB.open(`quire:${basePath()}`, FORMAT);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    const database = await answer(request);
    database.onclose = lost;
    database.onversionchange = () => {
      database.close();
      lost();
    };
    return new DeviceDatabase(database);
  }

  private constructor(private readonly database: IDBDatabase) {}

  async read({ user, document }: Place): Promise<StoredDocument> {
    const stores = this.stores(["replicas", "ranges"], "readonly");
    const replica = answer<StoredReplica | undefined>(stores("replicas").get([user, document]));
    const ranges = answer<StoredRange[]>(stores("ranges").getAll(below(user, document)));
    return { replica: (await replica) ?? null, ranges: await ranges };
  }

  /**
   * Write all of `operations` or none.
   *
   * @param strict wait for the disk, not only for the browser
   */
  async write({ user, document }: Place, operations: readonly StoreOperation[], strict: boolean): Promise<void> {
    const transaction = this.database.transaction(STORES, "readwrite", {
      durability: strict ? "strict" : "relaxed",
    });
    const done = completion(transaction);
    const store = (name: Store): IDBObjectStore => transaction.objectStore(name);
    for (const operation of operations) {
      switch (operation.type) {
        case "put-edit": {
          const { owner, key } = operation.edit;
          store("edits").put(operation.edit, [user, document, owner, key]);
          break;
        }
        case "drop-edit":
          store("edits").delete([user, document, operation.owner, operation.key]);
          break;
        case "drop-edits":
          store("edits").delete(below(user, document, operation.owner));
          break;
        case "put-range": {
          const { epoch, from, to } = operation.range;
          store("ranges").put(operation.range, [user, document, epoch, from, to]);
          break;
        }
        case "put-replica":
          putReplica(store, { user, document }, operation.replica);
          break;
        case "keep":
          store("kept").put(operation.kept, [user, document, operation.kept.at]);
          break;
      }
    }
    await done;
  }

  /** The tabs that have edits of a document to send. */
  async owners({ user, document }: Place): Promise<string[]> {
    const stores = this.stores(["edits"], "readonly");
    const keys = await answer(stores("edits").getAllKeys(below(user, document)));
    return [...new Set(keys.map((key) => String((key as IDBValidKey[])[2])))];
  }

  /** Make the edits of one tab another's, which numbers them from `firstKey` on. */
  async takeOver(
    { user, document }: Place,
    from: string,
    to: string,
    firstKey: number,
  ): Promise<StoredEdit[]> {
    const transaction = this.database.transaction("edits", "readwrite", { durability: "strict" });
    const done = completion(transaction);
    const edits = transaction.objectStore("edits");
    const found = await answer<StoredEdit[]>(edits.getAll(below(user, document, from)));
    const taken = found.map((edit, place) => ({ ...edit, owner: to, key: firstKey + place }));
    edits.delete(below(user, document, from));
    for (const edit of taken) edits.put(edit, [user, document, to, edit.key]);
    await done;
    return taken;
  }

  async kept({ user, document }: Place): Promise<KeptText[]> {
    return answer<KeptText[]>(this.stores(["kept"], "readonly")("kept").getAll(below(user, document)));
  }

  async forget({ user, document }: Place, at: number): Promise<void> {
    const transaction = this.database.transaction("kept", "readwrite");
    transaction.objectStore("kept").delete([user, document, at]);
    await completion(transaction);
  }

  /** The edits of a user, in whatever document, that the server has not acknowledged. */
  async countEdits(user: string): Promise<number> {
    return answer(this.stores(["edits"], "readonly")("edits").count(below(user)));
  }

  /** What of a user, in whatever document, no server has. */
  async unsent(user: string): Promise<StoredUnsent> {
    const stores = this.stores(["edits", "kept"], "readonly");
    const keys = answer(stores("edits").getAllKeys(below(user)));
    const edits = answer<StoredEdit[]>(stores("edits").getAll(below(user)));
    const kept = answer(stores("kept").getAllKeys(below(user)));
    const documents = (await keys).map(documentIn);
    return {
      // Both are in the order of the keys.
      edits: (await edits).map((edit, place) => ({ document: documents[place] ?? "", edit })),
      texts: (await kept).map(documentIn),
    };
  }

  /** Forget a document, but neither its edits nor the texts that were kept. */
  async eraseReplica({ user, document }: Place): Promise<void> {
    const transaction = this.database.transaction(["replicas", "ranges"], "readwrite");
    transaction.objectStore("replicas").delete([user, document]);
    transaction.objectStore("ranges").delete(below(user, document));
    await completion(transaction);
  }

  /** Forget everything of a user. */
  async eraseUser(user: string): Promise<void> {
    const transaction = this.database.transaction(STORES, "readwrite");
    for (const store of STORES) transaction.objectStore(store).delete(below(user));
    await completion(transaction);
  }

  close(): void {
    this.database.close();
  }

  private stores(names: readonly Store[], mode: IDBTransactionMode): (name: Store) => IDBObjectStore {
    const transaction = this.database.transaction(names, mode);
    return (name) => transaction.objectStore(name);
  }
}

/** The replica, unless another tab has written a newer one; ranges that it covers go. */
function putReplica(store: (name: Store) => IDBObjectStore, place: Place, replica: StoredReplica): void {
  const { user, document } = place;
  const found = store("replicas").get([user, document]) as IDBRequest<StoredReplica | undefined>;
  found.onsuccess = () => {
    const stored = found.result ?? null;
    if (!isNewer(replica, stored)) return;
    store("replicas").put(replica, [user, document]);
    const cursor = store("ranges").openCursor(below(user, document));
    cursor.onsuccess = () => {
      if (cursor.result === null) return;
      if (isCovered(cursor.result.value as StoredRange, replica)) cursor.result.delete();
      cursor.result.continue();
    };
  };
}

const documentIn = (key: IDBValidKey): string => String((key as IDBValidKey[])[1]);

/** All keys that begin with `parts`: an array sorts behind every number and text. */
const below = (...parts: string[]): IDBKeyRange => IDBKeyRange.bound(parts, [...parts, []]);

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });

const completion = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
  });
