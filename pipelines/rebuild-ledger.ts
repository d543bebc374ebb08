/** The ledger made again from the log: an empty schema, then the accounts log through settle and the sink, as live. */
import { join } from 'node:path';
import { ExitError } from '../schemas/exit.ts';
import type { LedgerAccess } from '../sinks/postgres-ledger/access.ts';
import { Connections } from '../sinks/postgres-ledger/connections.ts';
import { PostgresLedger, serverLedger } from '../sinks/postgres-ledger/postgres-ledger.ts';
import { dropLedger, prepareLedger } from '../sinks/postgres-ledger/prepare-ledger.ts';
import { BlockWriter } from './runtime/embedded/block-writer.ts';
import { readCatalog } from './runtime/embedded/catalog-file.ts';
import { laneInput } from './runtime/embedded/lane-input.ts';
import type { Graph } from './runtime/graph.ts';
import { planLanes } from './runtime/lane-plan.ts';
import { openLogReader } from './runtime/log/log-reader.ts';
import type { Disk } from './runtime/outside/disk.ts';
import { systemClock } from './runtime/outside/system-clock.ts';
import type { SinkBlock } from './runtime/ports.ts';

const SINK_NAME = 'postgresLedger';
const READ_RECORDS = 4_096;

export interface RebuiltLedger {
  readonly records: number;
  readonly blocks: number;
  /** Next offset, by `accounts/partition`. */
  readonly positions: ReadonlyMap<string, number>;
}

/**
 * Throw the ledger away and settle the whole accounts log again. Nobody else may use the data directory. Throws
 * `ExitError` 65, and leaves the ledger as it is, where the log no longer reaches back to its beginning.
 */
export async function rebuildLedgerFromLog(
  graph: Graph,
  disk: Disk,
  dataDir: string,
  access: LedgerAccess,
  say: (line: string) => void,
): Promise<RebuiltLedger> {
  const plan = planLanes(graph).find(({ sink }) => sink.definition.name === SINK_NAME);
  if (!plan) throw new ExitError(78, `topology "${graph.id}" has no sink ${SINK_NAME}`);
  const catalog = readCatalog(disk, dataDir);
  const logs = plan.logs.map((log) => catalog.logs[log]!);
  const positions = plan.logs.flatMap((log) =>
    Array.from({ length: catalog.partitions[log] ?? 0 }, (_, partition) => ({
      log: catalog.logs[log]!,
      partition,
      offset: 0,
    })),
  );
  const reader = openLogReader(disk, { directory: join(dataDir, 'log'), from: { positions }, logs });
  await emptyLedger(access);
  const sink = new PostgresLedger(serverLedger(access), { clock: systemClock(), say }, 0);
  const ready: SinkBlock[] = [];
  const input = laneInput(plan, catalog, (block) => ready.push(block));
  const numbers = new Map(plan.logs.map((log) => [catalog.logs[log]!, log]));
  const writer = new BlockWriter(sink, { blocks: 64, records: 65_536 }, systemClock());
  let records = 0;
  try {
    await sink.positions();
    while (reader?.next()) {
      input.take(numbers.get(reader.log)!, reader);
      if (++records % READ_RECORDS === 0) for (const block of ready.splice(0)) await writer.write(block);
    }
    for (const block of ready.splice(0)) await writer.write(block);
    await writer.settle();
  } finally {
    reader?.close();
    await sink.close();
  }
  return { records, blocks: writer.blocks, positions: writer.positions };
}

async function emptyLedger(access: LedgerAccess): Promise<void> {
  const owner = new Connections(() => access('owner'), 'sluice rebuild');
  try {
    await owner.withClient(dropLedger);
  } finally {
    owner.close();
  }
  await prepareLedger(access, true);
}
