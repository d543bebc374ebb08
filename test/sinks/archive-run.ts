/** An archive sink on a store of the test's, and the frames that go into it. */
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { Sink, SinkBlock } from '../../pipelines/runtime/ports.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { archiveOptions } from '../../schemas/config.ts';
import { FrameRun } from '../../schemas/frame-run.ts';
import { chainKeyOfEventId } from '../../schemas/ids.ts';
import { ArchiveSink } from '../../sinks/avro-archive/archive-sink.ts';
import type { ObjectStore } from '../../sinks/avro-archive/object-store.ts';

export interface ArchiveRun extends Sink {
  readonly said: readonly string[];
  durable(): ReadonlyMap<string, number>;
}

export function openArchive(
  store: ObjectStore,
  given: Partial<ReturnType<typeof archiveOptions.parse>> = {},
): ArchiveRun {
  const said: string[] = [];
  const options = { ...archiveOptions.parse({}), ...given };
  const context = {
    id: 'archive',
    dataDir: '/nowhere',
    config: {},
    clock: systemClock(),
    partitions: { market: 2, accounts: 2 },
    generation: 1,
    say: (line: string) => said.push(line),
  };
  return Object.assign(new ArchiveSink({ context, options, store }), { said });
}

/** The same block as a lane of frames hands it over. */
export function asFrames(block: SinkBlock): SinkBlock {
  const scratch = new Uint8Array(1 << 16);
  const frames = new FrameRun();
  for (const [index, record] of block.records.entries()) {
    const envelope = block.envelopes[index]!;
    frames.add(scratch, 0, encodeRecord(envelope, record, scratch, 0), chainKeyOfEventId(envelope.eventId));
  }
  return { ...block, records: [], envelopes: [], outputs: {}, frames };
}

/** Objects in memory, as a store that keeps its promises. */
export class MemoryStore implements ObjectStore {
  readonly name = 'memory';
  readonly objects = new Map<string, Uint8Array>();

  async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    if (this.objects.has(key)) return 'exists';
    this.objects.set(key, Uint8Array.from(bytes));
    return 'created';
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
