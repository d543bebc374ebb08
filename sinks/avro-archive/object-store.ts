import { createHash } from 'node:crypto';
import { ExitError } from '../../schemas/exit.ts';

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
  /** Tries whether the store keeps its word about keys. Throws `ExitError` 78 when it does not. */
  prove?(): Promise<void>;
}

/**
 * Creates the object, or makes sure that what lies there has the same bytes: the answer to a put may be lost, and the put
 * then meets its own object. Throws `ExitError` 65 where other bytes lie there: two histories.
 */
export async function createOrCompare(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
): Promise<'created' | 'equal'> {
  if ((await store.create(key, bytes)) === 'created') return 'created';
  const found = await store.read(key);
  if (!found) throw new StoreUnavailable(`${store.name}: ${key} exists and cannot be read`);
  if (sha256(found) !== sha256(bytes)) {
    throw new ExitError(65, `${store.name}: ${key} holds other bytes than were to be stored: two histories`);
  }
  return 'equal';
}

/** The store does not answer, or not as it should; asking again may help. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
