/**
 * Where the head puts what it does. Live, that is the log; in a replay, the log that is already there, to which each
 * record is compared. The head cannot tell.
 */
import type { Envelope } from '../../../schemas/envelope.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';

export interface RecordStore {
  /** A command begins: what follows until `endCommand` is whole in the log or absent from it. */
  beginCommand(): void;
  append(chainKey: number, log: number, partition: number, offset: number, envelope: Envelope, record: AnyRecord): void;
  endCommand(): void;
}
