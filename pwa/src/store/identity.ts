// Who this device is: its keys (never extractable), its enrolment and the centre's release keys, in IndexedDB.
// `durability: strict`: since Chrome 121 the default may lose a committed write at a power cut.
import type { Trust } from "../sync/keyring";
import type { Device } from "./types";

export interface Identity {
  signing: CryptoKeyPair;
  storage: CryptoKey;
  device: Device | null; // null while an enrolment is under way
  releaseKeys: Record<string, string>; // base64 raw Ed25519 by key id
  pepper?: CryptoKey; // part of every PIN of this device (people/door.ts); none until somebody logs in
  trust?: Trust; // the pinned root and what it certified; none where the centre has no root
}

/** Where the identity is kept; the browser's IndexedDB, or memory in tests. */
export interface IdentityStore {
  load(): Promise<Identity | null>;
  save(identity: Identity): Promise<void>;
}

const DATABASE = "jjb-identity";
const STORE = "identity";
const ROW = "this-device";

export class IndexedIdentity implements IdentityStore {
  load(): Promise<Identity | null> {
    return this.transact("readonly", (store) => store.get(ROW) as IDBRequest<Identity | undefined>).then((row) => row ?? null);
  }

  async save(identity: Identity): Promise<void> {
    await this.transact("readwrite", (store) => store.put(identity, ROW));
  }

  private async transact<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const db = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = db.transaction(STORE, mode, { durability: "strict" });
        const request = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
      });
    } finally {
      db.close();
    }
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}
