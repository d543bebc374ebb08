/**
 * The archive: every log's closed segments as Avro files, with a hash-chained manifest. Copies the bytes of the log as they
 * are; reads every log; closes a segment by count, or by a tick of the clock, never by a timer of its own.
 */
import type { SinkContext, SinkDefinition } from '../../pipelines/runtime/ports.ts';
import type { RecordType } from '../../schemas/generated/records.ts';
import { recordSchemas } from '../../schemas/generated/schemas.ts';
import { recordSet } from '../../schemas/logs.ts';
import { type ArchiveOptions, archiveOptionsOf, openArchiveStore } from './archive-options.ts';
import { ArchiveSink } from './archive-sink.ts';
import type { ObjectStore } from './object-store.ts';

/** Any record: what is in a log is archived. */
export const ArchivedRecords = recordSet('ArchivedRecords', Object.keys(recordSchemas) as RecordType[]);

/** Options given here win over those of the configuration; a store given here over its folder or bucket. */
export function avroArchive(given: Partial<ArchiveOptions> & { readonly store?: ObjectStore } = {}): SinkDefinition {
  return {
    name: 'avroArchive',
    input: ArchivedRecords,
    reads: 'frames',
    blockRecords: 4096,
    open: async (context: SinkContext) => {
      const { store, ...overrides } = given;
      const options = { ...archiveOptionsOf(context.config), ...overrides };
      const target = store ?? (await openArchiveStore(context.dataDir, options));
      return new ArchiveSink({ context, options, store: target });
    },
  };
}
