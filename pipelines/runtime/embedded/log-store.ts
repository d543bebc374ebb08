/** The live store: records are encoded straight into the memory that the journal writes to disk. */
import { encodeWithRoom } from '../../../schemas/codec.ts';
import type { Envelope } from '../../../schemas/envelope.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import type { LogWriter } from '../log/log-writer.ts';
import type { RecordStore } from './record-store.ts';

export function logStore(writer: LogWriter): RecordStore {
  const bytes = writer.bytes;
  return {
    beginCommand: () => writer.beginCommand(),
    append(chainKey: number, log: number, partition: number, offset: number, envelope: Envelope, record: AnyRecord) {
      const end = encodeWithRoom(envelope, record, bytes, writer.reserve());
      writer.append(chainKey, log, partition, offset, end);
    },
    endCommand: () => writer.endCommand(),
  };
}
