import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitError } from '../../schemas/exit.ts';
import { loadProject } from '../load-project.ts';
import { readCatalog } from '../runtime/embedded/catalog-file.ts';
import { HEAD_SERIES } from '../runtime/embedded/head-snapshots.ts';
import { replayHead } from '../runtime/embedded/replay-head.ts';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import { SnapshotStore } from '../runtime/snapshots/snapshot-store.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

export const command: Command = {
  name: 'replay',
  usage: 'replay --verify [--from beginning|snapshot] [--data DIR] [--json]',
  summary: 'runs the recorded commands again and compares every record and state hash; writes nothing',
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        verify: { type: 'boolean', default: false },
        from: { type: 'string', default: 'beginning' },
        data: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (!values.verify) throw new UsageError('--verify is the one kind of replay there is: give it');
    if (values.from !== 'beginning' && values.from !== 'snapshot') {
      throw new UsageError(`--from: "${values.from}" given, beginning and snapshot are allowed`);
    }
    const dataDir = await dataDirectory(values.data);
    const { graph } = await loadProject();
    const disk = nodeDisk();
    const catalog = readCatalog(disk, dataDir);
    if (Object.keys(catalog.logs).length === 0) throw new ExitError(78, `${dataDir} holds no log yet`);
    const store = new SnapshotStore(disk, join(dataDir, 'snapshots'), 1);
    const found = values.from === 'snapshot' ? store.newest(HEAD_SERIES) : undefined;
    for (const { name, why } of found?.refused ?? []) io.err(`snapshot ${name} is passed over: ${why}`);
    io.err(`plan    ${found?.name ?? 'from the beginning'}; outputs are computed and compared, nothing is written`);
    const beganMs = performance.now();
    const { head, replayed } = replayHead(graph, catalog, disk, join(dataDir, 'log'), found?.snapshot);
    head.checkInvariants();
    const tookMs = performance.now() - beganMs;
    const hashes = head.inboxes.flatMap(({ instances }) =>
      instances.map(({ stage, partition, operator }) => ({ stage, partition, stateHash: operator.stateHash() })),
    );
    if (values.json) {
      io.out(
        JSON.stringify({ commands: replayed.commands, records: replayed.records, tookMs: Math.round(tookMs), hashes }),
      );
      return 0;
    }
    const rate = Math.round(replayed.commands / Math.max(tookMs / 1000, 0.001));
    io.out(
      `ok      ${replayed.commands.toLocaleString('en-US')} commands, ${replayed.records.toLocaleString('en-US')} records equal to the byte, in ${(tookMs / 1000).toFixed(1)} s (${rate.toLocaleString('en-US')} commands/s)`,
    );
    for (const { stage, partition, stateHash } of hashes)
      io.out(`hash    ${`${stage}/${partition}`.padEnd(12)} ${stateHash}`);
    return 0;
  },
};
