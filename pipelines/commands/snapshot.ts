import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import { SnapshotStore } from '../runtime/snapshots/snapshot-store.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

export const command: Command = {
  name: 'snapshot',
  usage: 'snapshot ls | inspect [NAME] [--json] [--data DIR]',
  summary: 'the stored states: what is kept, what each holds and needs of the log, whether it is whole',
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const [verb, name, ...surplus] = positionals;
    if (surplus.length > 0) throw new UsageError(`"${surplus.join(' ')}" is too much`);
    const directory = join(await dataDirectory(values.data), 'snapshots');
    const store = new SnapshotStore(nodeDisk(), directory, 1);
    if (verb === 'ls' && name === undefined) return listSnapshots(store, directory, io);
    if (verb === 'inspect') return inspect(store, directory, name, values.json, io);
    throw new UsageError(`"${positionals.join(' ')}" given, ls and inspect are allowed`);
  },
};

function listSnapshots(store: SnapshotStore, directory: string, io: CommandIo): number {
  const stored = store.list();
  if (stored.length === 0) {
    io.err(`no snapshots in ${directory}`);
    return 0;
  }
  io.out(
    `${'SNAPSHOT'.padEnd(36)}${'TAKEN'.padEnd(26)}${'STAGES'.padStart(6)}${'BYTES'.padStart(14)}  PINS THE LOG FROM  STATE`,
  );
  let damaged = 0;
  for (const { name } of stored) {
    const summary = store.summary(name);
    if (typeof summary === 'string') {
      damaged++;
      io.out(`${name.padEnd(36)}DAMAGED: ${summary}`);
      continue;
    }
    const snapshot = store.read(name);
    if (typeof snapshot === 'string') damaged++;
    const taken = new Date(Math.floor(summary.takenAtMicros / 1000)).toISOString();
    io.out(
      `${name.padEnd(36)}${taken.padEnd(26)}${String(summary.stages.length).padStart(6)}${count(summary.fileBytes).padStart(14)}  ` +
        `commit ${count(summary.from + 1)}`.padEnd(19) +
        (typeof snapshot === 'string' ? `DAMAGED: ${snapshot}` : 'whole'),
    );
  }
  return damaged === 0 ? 0 : 1;
}

function inspect(
  store: SnapshotStore,
  directory: string,
  wanted: string | undefined,
  asJson: boolean,
  io: CommandIo,
): number {
  const names = store.list().map(({ name }) => name);
  const name = wanted ?? names[0];
  if (name === undefined) {
    io.err(`no snapshots in ${directory}`);
    return 1;
  }
  if (!names.includes(name)) throw new UsageError(`"${name}" given, there are ${names.join(', ') || 'none'}`);
  const snapshot = store.read(name);
  if (typeof snapshot === 'string') {
    io.err(`${name}: ${snapshot}`);
    return 1;
  }
  const { stages, mark, ...head } = snapshot;
  const hash = Buffer.from(mark.hash).toString('hex');
  if (asJson) {
    const shown = stages.map(({ state, ...stage }) => ({ ...stage, stateBytes: state.length }));
    io.out(JSON.stringify({ ...head, mark: { commit: mark.commit, hash }, stages: shown }, null, 2));
    return 0;
  }
  io.out(
    `${name}: series ${head.series}, generation ${head.generation}, needs the log from commit ${count(head.from + 1)}`,
  );
  io.out(`durable with commit ${count(mark.commit)}, hash ${hash}`);
  io.out(`${'STAGE'.padEnd(14)}${'INBOX'.padEnd(28)}${'STATE BYTES'.padStart(14)}  STATE HASH`);
  for (const stage of stages) {
    const { log, partition, nextOffset } = stage.inbox;
    io.out(
      `${`${stage.stage}/${stage.partition}`.padEnd(14)}${`${log}/${partition} up to ${count(nextOffset - 1)}`.padEnd(28)}` +
        `${count(stage.state.length).padStart(14)}  ${stage.stateHash}`,
    );
    for (const { chainKey, last } of stage.producers) io.out(`    heard  chain ${chainKey} up to ${count(last)}`);
    for (const target of stage.targets) {
      io.out(
        `    says   chain ${target.chainKey} from ${count(target.nextSequence)} on, into ${target.log}/${target.partition} at ${count(target.endOffset)}`,
      );
    }
  }
  return 0;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
