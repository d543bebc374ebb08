import { decodeRecord, encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type {
  AdmissionConfig,
  AssetConfig,
  FeeConfig,
  LimitConfig,
  SymbolConfig,
} from '../../schemas/generated/records.ts';
import { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import { StateHash } from '../accounts/state-hash.ts';

export type ConfigurationRecord = AssetConfig | SymbolConfig | FeeConfig | LimitConfig | AdmissionConfig;

const FORMAT = 1;

/**
 * The newest configuration record of each thing that has one: what the log says is in force. A start compares its file
 * with this. Snapshot: count, then each record's single-object encoding with a blank envelope, ordered by what it is about.
 */
export class KnownConfiguration {
  readonly #newest = new Map<string, ConfigurationRecord>();

  learn(record: ConfigurationRecord): void {
    this.#newest.set(subjectOf(record), record);
  }

  /** In the order of their subjects. */
  records(): ConfigurationRecord[] {
    return [...this.#newest.keys()].sort().map((subject) => this.#newest.get(subject)!);
  }

  snapshot(): Uint8Array {
    const records = this.records();
    const writer = new StateWriter(FORMAT);
    writer.integer(records.length);
    for (const record of records) writer.text(textOf(record));
    return writer.finish();
  }

  restore(bytes: Uint8Array): void {
    this.#newest.clear();
    for (const record of configurationIn(bytes)) this.learn(record);
  }

  stateHash(): string {
    const hash = new StateHash();
    for (const record of this.records()) {
      hash.mixText(textOf(record));
      hash.endItem();
    }
    return hash.digest();
  }
}

/** The configuration records in a snapshot of the control stage. */
export function configurationIn(snapshot: Uint8Array): ConfigurationRecord[] {
  const reader = new StateReader(snapshot, FORMAT);
  const count = reader.integer();
  const records: ConfigurationRecord[] = [];
  for (let index = 0; index < count; index++) {
    const bytes = Buffer.from(reader.text(), 'latin1');
    records.push(decodeRecord(bytes, 0, bytes.length, emptyEnvelope()) as ConfigurationRecord);
  }
  return records;
}

function subjectOf(record: ConfigurationRecord): string {
  switch (record.type) {
    case 'asset_config':
      return `1 ${String(record.asset).padStart(9, '0')}`;
    case 'symbol_config':
      return `2 ${String(record.symbol).padStart(9, '0')}`;
    case 'fee_config':
      return `3 ${record.schedule}`;
    case 'limit_config':
      return `4 ${String(record.account).padStart(16, '0')}`;
    case 'admission_config':
      return '5';
  }
}

function textOf(record: ConfigurationRecord): string {
  const bytes = new Uint8Array(4096);
  const end = encodeRecord(emptyEnvelope(), record, bytes, 0);
  return Buffer.from(bytes.buffer, 0, end).toString('latin1');
}
