import type { KeyRevocation, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import type { ControlPort, GatewayRecord, Submitted } from '../ports.ts';
import type { CredentialBook } from './credential-book.ts';
import type { IdentityStore } from './identity-store.ts';
import type { Revoked } from './principal.ts';
import { UnavailableError } from './unavailable.ts';

/**
 * What was revoked, everywhere within the time a record takes: a revocation is a record of the control log, and every
 * gateway hears it there. The database is told afterwards, and again until it has it.
 *
 * State: listeners, and what the database has not been told.
 */
export class Revocations {
  readonly #book: CredentialBook;
  readonly #control: ControlPort;
  readonly #store: IdentityStore | undefined;
  readonly #listeners = new Set<(match: Revoked) => void>();
  readonly #untold = new Map<string, { readonly reason: string; readonly atMicros: number }>();
  #telling: Promise<void> | undefined;

  constructor(book: CredentialBook, control: ControlPort, store: IdentityStore | undefined) {
    this.#book = book;
    this.#control = control;
    this.#store = store;
  }

  /** Resolves when the revocation is durable, and in force in this gateway. */
  async revoke(id: string, reason: string, requestedBy: string): Promise<Submitted> {
    const record: KeyRevocation = {
      type: 'key_revocation',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      keyId: id,
      reason,
      requestedBy,
    };
    const submitted = await this.#control.steer(record, null);
    this.hear(submitted.records);
    return submitted;
  }

  /** Records of the control log; others are passed over. */
  hear(batch: readonly GatewayRecord[]): void {
    for (const { record, occurredAt } of batch) {
      if (record.type === 'key_revocation') this.#apply(record.keyId, record.reason, occurredAt);
    }
    if (this.#untold.size > 0) void this.tellDatabase();
  }

  /** Revoked before this gateway began to hear. */
  recall(ids: Iterable<string>, atMicros: number): void {
    for (const id of ids) this.#apply(id, 'revoked before the start', atMicros);
  }

  /** Told by the database. */
  announce(ids: readonly string[]): void {
    for (const id of ids) this.#tellListeners(id);
  }

  listen(listener: (match: Revoked) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the database must still be told, told; ends at the first failure and is asked again later. */
  tellDatabase(): Promise<void> {
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  async #tell(): Promise<void> {
    if (!this.#store) return;
    try {
      for (const [id, { reason, atMicros }] of this.#untold) {
        await this.#store.noteRevoked(id, reason, atMicros);
        this.#untold.delete(id);
      }
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }

  #apply(id: string, reason: string, atMicros: number): void {
    if (!this.#book.revoke(id)) return;
    this.#untold.set(id, { reason, atMicros });
    this.#tellListeners(id);
  }

  #tellListeners(id: string): void {
    const match: Revoked = id.startsWith('key_') ? { keyId: id } : { sessionId: id };
    for (const listener of this.#listeners) listener(match);
  }
}
