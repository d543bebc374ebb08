/**
 * Records and envelopes that nobody needs any more, to be filled again: in a lane that copies what it reads, a record would
 * otherwise be two dozen objects and numbers for the collector, which took a third of the lane's time.
 */
import { type Envelope, emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord, RecordType } from '../../schemas/generated/records.ts';

/** Of each type at most, and of envelopes: a few blocks of what is read most. */
const SPARE_MAX = 32_768;

export class SpareRecords {
  readonly #byType = new Map<RecordType, AnyRecord[]>();
  readonly #envelopes: Envelope[] = [];

  /** A record of this type to be filled; undefined: there is none. */
  readonly record = (type: RecordType): AnyRecord | undefined => this.#byType.get(type)?.pop();

  envelope(): Envelope {
    return this.#envelopes.pop() ?? emptyEnvelope();
  }

  give(records: readonly AnyRecord[], envelopes: readonly Envelope[]): void {
    for (const record of records) {
      let spare = this.#byType.get(record.type);
      if (!spare) this.#byType.set(record.type, (spare = []));
      if (spare.length < SPARE_MAX) spare.push(record);
    }
    for (const envelope of envelopes) if (this.#envelopes.length < SPARE_MAX) this.#envelopes.push(envelope);
  }
}
