/** One log partition of an archive, record by record, a segment in memory at a time. */
import { segmentKey } from '../schemas/archive-format.ts';
import { decodeRecord } from '../schemas/codec.ts';
import { emptyEnvelope } from '../schemas/envelope.ts';
import { ExitError } from '../schemas/exit.ts';
import type { ManifestEntry } from '../sinks/avro-archive/manifest.ts';
import type { ObjectStore } from '../sinks/avro-archive/object-store.ts';
import { readSegment } from '../sinks/avro-archive/segment-reader.ts';

/** A record that was read and is not yet restored. */
export interface WaitingRecord {
  readonly offset: number;
  readonly chainKey: number;
  readonly payload: Uint8Array;
  /** Packed position of the command at the head. */
  readonly correlationId: number;
  /** Number of the newest clock record of this log up to here, this one included. */
  readonly tick: number;
}

export class ArchivedStream {
  readonly log: string;
  readonly logNumber: number;
  readonly partition: number;
  /** Offset behind the last archived record. */
  readonly archivedNext: number;
  readonly #store: ObjectStore;
  readonly #entries: readonly ManifestEntry[];
  readonly #envelope = emptyEnvelope();
  #entry = 0;
  #waiting: WaitingRecord[] = [];
  #first = 0;
  #tick = 0;

  constructor(store: ObjectStore, logNumber: number, entries: readonly ManifestEntry[]) {
    const [first] = entries as [ManifestEntry];
    this.log = first.log;
    this.logNumber = logNumber;
    this.partition = first.partition;
    this.archivedNext = entries.at(-1)!.lastOffset + 1;
    this.#store = store;
    this.#entries = entries;
  }

  /** Nothing is left to read; what waits may still be there. */
  get read(): boolean {
    return this.#entry === this.#entries.length;
  }

  get front(): WaitingRecord | undefined {
    return this.#waiting[this.#first];
  }

  /** Number of the newest clock record read: every record before it is known. */
  get tick(): number {
    return this.#tick;
  }

  take(): void {
    this.#first++;
    if (this.#first < 65_536) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  /** Reads on until a clock record of at least this number was read, or all. Tells of each command that begins a run. */
  async readTo(tick: number, onRun: (correlationId: number) => void): Promise<void> {
    while (!this.read && this.#tick < tick) {
      const entry = this.#entries[this.#entry++]!;
      const key = segmentKey(entry);
      const bytes = await this.#store.read(key);
      if (!bytes) throw new ExitError(65, `archive: ${key} is named by the manifest and is not there`);
      const { records, recordsSha256 } = readSegment(key, bytes);
      if (recordsSha256 !== entry.recordsSha256)
        throw new ExitError(65, `archive: ${key} is not what the manifest says`);
      let last = this.#waiting.at(-1)?.correlationId;
      for (const { offset, chainKey, payload } of records) {
        const record = decodeRecord(payload, 0, payload.length, this.#envelope);
        const { correlationId } = this.#envelope;
        if (record.type === 'tick') this.#tick = record.number;
        if (correlationId !== last) onRun(correlationId);
        last = correlationId;
        this.#waiting.push({ offset, chainKey, payload, correlationId, tick: this.#tick });
      }
    }
  }
}
