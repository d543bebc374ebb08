import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitError } from '../../schemas/exit.ts';
import { Malformed } from '../../schemas/malformed.ts';
import { archiveDirectory, archiveOptionsOf, openArchiveStore } from '../../sinks/avro-archive/archive-options.ts';
import { openFolderStore } from '../../sinks/avro-archive/folder-store.ts';
import { listGenerations, readManifest } from '../../sinks/avro-archive/manifest.ts';
import type { ObjectStore } from '../../sinks/avro-archive/object-store.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { loadProject, type Project } from '../load-project.ts';
import { restoreArchive } from '../restore-archive.ts';
import { lockDirectory } from '../runtime/outside/directory-lock.ts';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

interface Options {
  readonly dataDir: string;
  /** Folder of the archive, where the command line names it. */
  readonly from: string | undefined;
  readonly generation: number | undefined;
  readonly json: boolean;
}

export const command: Command = {
  name: 'archive',
  usage: 'archive ls | verify | restore [--from FOLDER] [--generation N] [--json] [--data DIR]',
  summary: 'archived segments: list them, prove them, make an empty data directory whole from them',
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        generation: { type: 'string' },
        json: { type: 'boolean', default: false },
        data: { type: 'string' },
      },
    });
    const [verb, ...surplus] = positionals;
    if (surplus.length > 0) throw new UsageError(`"${surplus.join(' ')}" is too much`);
    const options: Options = {
      dataDir: await dataDirectory(values.data),
      from: values.from === undefined ? undefined : resolve(values.from),
      generation: values.generation === undefined ? undefined : generationOf(values.generation),
      json: values.json,
    };
    switch (verb) {
      case 'ls':
        return listVerb(options, io);
      case 'verify':
        return verifyVerb(options, io);
      case 'restore':
        return restoreVerb(options, io);
      default:
        throw new UsageError(`"${verb ?? ''}" given, ls, verify and restore are allowed`);
    }
  },
};

async function listVerb(options: Options, io: CommandIo): Promise<number> {
  const { store, generation } = await openStore(options);
  const chains = await orDamaged(store, () => readManifest(store, generation));
  const rows = [...chains.values()].map((entries) => ({
    log: entries[0]!.log,
    partition: entries[0]!.partition,
    segments: entries.length,
    records: entries.reduce((sum, { records }) => sum + records, 0),
    lastOffset: entries.at(-1)!.lastOffset,
    upTo: timeOf(entries.at(-1)!.lastTickMicros),
  }));
  if (options.json) {
    io.out(JSON.stringify({ archive: store.name, generation, partitions: rows }, null, 2));
    return 0;
  }
  io.err(`archive ${store.name}, generation ${generation}`);
  io.out(
    `${'LOG'.padEnd(10)} ${'PARTITION'.padStart(9)} ${'SEGMENTS'.padStart(9)} ${'RECORDS'.padStart(13)} ${'LAST OFFSET'.padStart(13)}  UP TO`,
  );
  for (const row of rows) {
    const numbers = [row.partition, row.segments, row.records, row.lastOffset].map((value) =>
      value.toLocaleString('en-US'),
    );
    const [partition, segments, records, lastOffset] = numbers as [string, string, string, string];
    io.out(
      `${row.log.padEnd(10)} ${partition.padStart(9)} ${segments.padStart(9)} ${records.padStart(13)} ${lastOffset.padStart(13)}  ${row.upTo}`,
    );
  }
  return 0;
}

async function verifyVerb(options: Options, io: CommandIo): Promise<number> {
  const { store, generation } = await openStore(options);
  const { partitions, faults } = await verifyArchive(store, generation);
  if (options.json) io.out(JSON.stringify({ archive: store.name, generation, partitions, faults }, null, 2));
  else {
    for (const { log, partition, segments, records, lastOffset, lastTickMicros } of partitions) {
      const what = `${segments.toLocaleString('en-US')} segments, ${records.toLocaleString('en-US')} records, offsets 0 to ${lastOffset.toLocaleString('en-US')}, up to ${timeOf(lastTickMicros)}`;
      io.out(`${`${log}/${partition}`.padEnd(14)} ${what}`);
    }
    for (const { where, says } of faults) io.out(`FAIL  ${where}: ${says}`);
    io.err(faults.length === 0 ? 'chains, hashes, records, sequences and causes are right' : `${faults.length} faults`);
  }
  return faults.length === 0 ? 0 : 1;
}

async function restoreVerb(options: Options, io: CommandIo): Promise<number> {
  const project = await loadProject();
  const { store, generation } = await openStore(options, project);
  const lock = lockDirectory(options.dataDir);
  try {
    const restored = await restoreArchive({
      store,
      generation,
      graph: project.graph,
      disk: nodeDisk(),
      dataDir: options.dataDir,
      segmentBytes: project.config.log.segmentBytes,
    });
    if (options.json) {
      io.out(JSON.stringify(restored, null, 2));
      return 0;
    }
    const { commands, records, madeAgain, partitions, stateHashes, lastTick } = restored;
    io.out(
      `${commands.toLocaleString('en-US')} commands, ${records.toLocaleString('en-US')} records, up to ${timeOf(lastTick.timeMicros)}`,
    );
    if (madeAgain > 0)
      io.out(
        `${madeAgain.toLocaleString('en-US')} records were made again: their commands were archived, they were not yet`,
      );
    for (const { log, partition, archivedNext, restoredNext } of partitions) {
      if (restoredNext >= archivedNext) continue;
      io.out(
        `${log}/${partition}: offsets ${restoredNext} to ${archivedNext - 1} are archived and cut, as what caused them is not archived`,
      );
    }
    for (const { stage, partition, stateHash } of stateHashes)
      io.out(`state of ${`${stage}/${partition}`.padEnd(12)} ${stateHash}`);
    io.err(
      `what came after ${timeOf(lastTick.timeMicros)} was not archived and is lost; start with: sluice run --data ${options.dataDir}`,
    );
    return 0;
  } finally {
    lock.release();
  }
}

async function openStore(options: Options, project?: Project): Promise<{ store: ObjectStore; generation: number }> {
  const store = await storeOf(options, project);
  const generation = options.generation ?? (await listGenerations(store)).at(-1);
  if (generation === undefined) throw new ExitError(78, `the archive in ${store.name} is empty`);
  return { store, generation };
}

/** The folder that the command line names, else what the configuration says: a bucket or a folder. */
async function storeOf(options: Options, project?: Project): Promise<ObjectStore> {
  const configured = archiveOptionsOf((project ?? (await projectIfThere()))?.config);
  if (options.from === undefined && configured.s3.bucket !== undefined) {
    return openArchiveStore(options.dataDir, configured);
  }
  const folder = options.from ?? archiveDirectory(options.dataDir, configured);
  if (!existsSync(folder)) throw new ExitError(78, `there is no archive in ${folder}: name it by --from FOLDER`);
  return openFolderStore(folder);
}

/** An archive can be looked at without a project beside it. */
async function projectIfThere(): Promise<Project | undefined> {
  return existsSync('pipeline.config.ts') ? loadProject() : undefined;
}

async function orDamaged<T>(store: ObjectStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Malformed) throw new ExitError(65, `archive ${store.name}: ${error.what}`, { cause: error });
    throw error;
  }
}

function generationOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--generation ${text}: a whole number from 1 is wanted`);
  return Number(text);
}

function timeOf(micros: number): string {
  return micros === 0 ? 'before the first tick' : new Date(micros / 1000).toISOString();
}
