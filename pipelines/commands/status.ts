import { parseArgs } from 'node:util';
import { askExchange } from '../runtime/embedded/control-socket.ts';
import type { ExchangeStatus } from '../runtime/embedded/exchange-status.ts';
import { clusterOfProject, statusOfCluster } from './cluster-status.ts';
import type { Command, CommandIo } from './command.ts';
import { dataDirectory } from './data-directory.ts';

export const command: Command = {
  name: 'status',
  usage: 'status [--data DIR] [--json]',
  summary: 'what each stage, edge and sink of the running exchange does now',
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { data: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    if (await clusterOfProject()) return statusOfCluster(values.json, io);
    const status = (await askExchange(await dataDirectory(values.data), { ask: 'status' })) as ExchangeStatus;
    if (values.json) io.out(JSON.stringify(status, null, 2));
    else print(status, io);
    return 0;
  },
};

function print(status: ExchangeStatus, io: CommandIo): void {
  const whole = (value: number) => value.toLocaleString('en-US');
  const time = status.logTimeMicros === 0 ? '-' : new Date(status.logTimeMicros / 1000).toISOString();
  io.out(
    `${status.topology}  generation ${status.generation}  process ${status.processId}  up ${seconds(status.uptimeMs)}  log time ${time}`,
  );
  io.out(`${whole(status.commands)} commands  ${whole(status.inFlight)} in flight  commit ${whole(status.commit)}`);
  const { recovery } = status;
  io.out(
    `recovered ${whole(recovery.commands)} commands after the ${whole(recovery.fromSnapshot)} of the snapshot in ${recovery.tookMs} ms${recovery.torn ? ', a torn write was cut off' : ''}`,
  );
  io.out(
    status.snapshot
      ? `snapshot ${status.snapshot.name}, ${seconds(status.snapshot.ageMs)} old`
      : 'no snapshot of this run yet',
  );
  io.out('');
  table(
    io,
    ['STAGE', 'PARTITION', 'APPLIED'],
    status.stages.map(({ stage, partition, applied }) => [stage, `${partition}`, whole(applied)]),
  );
  io.out('');
  table(
    io,
    ['EDGE', 'RECORDS', 'BLOCKED'],
    status.edges.map(({ edge, records, blocked }) => [edge, whole(records), whole(blocked)]),
  );
  for (const lane of status.lanes) {
    io.out('');
    io.out(
      `sink ${lane.sink} ${lane.state}: ${whole(lane.blocks)} blocks, ${whole(lane.lagRecords)} records and ${whole(lane.lagMs)} ms behind, queue ${lane.queued}, full ${whole(lane.waits)} times`,
    );
    table(
      io,
      ['EDGE', 'RECORDS'],
      Object.entries(lane.edges).map(([edge, records]) => [edge, whole(records)]),
    );
    for (const [name, value] of Object.entries(lane.figures)) {
      io.out(`  ${name} ${typeof value === 'number' ? whole(value) : value}`);
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** First column to the left, the others to the right. */
function table(io: CommandIo, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [head, ...rows]) {
    io.out(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    );
  }
}
