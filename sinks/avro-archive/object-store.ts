/**
 * Where archived segments lie: a folder here, a bucket elsewhere. Objects are never changed: a key is created once. The
 * store decides which of two creators was first, and whoever was not compares.
 */
export interface ObjectStore {
  /** For messages. */
  readonly name: string;
  /** Creates the object, durable when it resolves; an object that is there stays as it is. */
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>;
  /** Undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Keys below a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
}

/** The store does not answer, or not as it should; asking again may help. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
