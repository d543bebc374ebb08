import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeRecord, Malformed } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import { runbookPages } from '../../schemas/exit.ts';
import { chainName, segmentName } from '../../schemas/log-format.ts';
import type { Catalog } from '../runtime/catalog.ts';
import { readCatalog } from '../runtime/embedded/catalog-file.ts';
import { describeDamage } from '../runtime/log/damage.ts';
import { type LogReader, openLogReader } from '../runtime/log/log-reader.ts';
import { PolledEnd } from '../runtime/log/polled-end.ts';
import { readSegmentHeader } from '../runtime/log/segment-header.ts';
import { listSegments } from '../runtime/log/segment-keeper.ts';
import { type LogProof, verifyLog } from '../runtime/log/verify-log.ts';
import type { Disk } from '../runtime/outside/disk.ts';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import { SnapshotStore } from '../runtime/snapshots/snapshot-store.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

const FOLLOW_EVERY_MS = 200;

interface Place {
  readonly disk: Disk;
  readonly dataDir: string;
  readonly directory: string;
  readonly catalog: Catalog;
}

interface CatOptions {
  readonly log: string | undefined;
  readonly partition: string | undefined;
  readonly from: string | undefined;
  readonly commit: string | undefined;
  readonly limit: string | undefined;
  readonly type: string | undefined;
  readonly follow: boolean;
  readonly format: string;
}

export const command: Command = {
  name: 'log',
  usage:
    'log ls | verify [--json] | cat [--log NAME] [--partition N] [--from OFFSET | --commit N] [--type TYPE] [--limit N] [--follow] [--format text|json] [--data DIR]',
  summary: 'the stored log: its segments, its records, and the proof that it is whole',
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: { type: 'boolean', default: false },
        log: { type: 'string' },
        partition: { type: 'string' },
        from: { type: 'string' },
        commit: { type: 'string' },
        type: { type: 'string' },
        limit: { type: 'string' },
        follow: { type: 'boolean', default: false },
        format: { type: 'string', default: 'text' },
      },
    });
    const [verb, ...surplus] = positionals;
    if (surplus.length > 0) throw new UsageError(`"${surplus.join(' ')}" is too much`);
    const disk = nodeDisk();
    const dataDir = await dataDirectory(values.data);
    const directory = join(dataDir, 'log');
    const catalog = readCatalog(disk, dataDir);
    const place: Place = { disk, dataDir, directory, catalog };
    switch (verb) {
      case 'ls':
        return listLog(place, io);
      case 'verify':
        return verify(place, io, values.json);
      case 'cat':
        return cat(place, io, {
          log: values.log,
          partition: values.partition,
          from: values.from,
          commit: values.commit,
          limit: values.limit,
          type: values.type,
          follow: values.follow,
          format: values.format,
        });
      default:
        throw new UsageError(`"${verb ?? ''}" given, ls, cat and verify are allowed`);
    }
  },
};

function listLog({ disk, directory, catalog }: Place, io: CommandIo): number {
  const segments = listSegments(disk, directory);
  if (segments.length === 0) {
    io.err(`no log in ${directory}`);
    return 0;
  }
  io.out(`${'SEGMENT'.padEnd(18)}${'COMMITS'.padEnd(26)}${'BYTES'.padStart(12)}  GENERATION  BEGINS AT`);
  for (const [index, firstCommit] of segments.entries()) {
    const name = segmentName(firstCommit);
    const file = disk.open(join(directory, name), 'read');
    const header = readSegmentHeader(file);
    const bytes = file.size();
    file.close();
    if (typeof header === 'string') {
      io.out(`${name.padEnd(18)}DAMAGED: ${header}`);
      continue;
    }
    const next = segments[index + 1];
    const commits = next === undefined ? `${count(firstCommit)} to now` : `${count(firstCommit)} to ${count(next - 1)}`;
    const begins = header.tables.positions
      .map(({ log, partition, next: offset }) => `${logName(catalog, log)}/${partition} ${count(offset)}`)
      .join(', ');
    io.out(
      `${name.padEnd(18)}${commits.padEnd(26)}${count(bytes).padStart(12)}  ${String(header.generation).padEnd(10)}  ${begins || 'the beginning'}`,
    );
  }
  return 0;
}

function verify({ disk, dataDir, directory, catalog }: Place, io: CommandIo, asJson: boolean): number {
  const store = new SnapshotStore(disk, join(dataDir, 'snapshots'), 1);
  const proof = verifyLog(disk, directory, store.marks(), (segment, commit) => {
    if (io.terminal && !asJson) io.err(`${segment} read, commit ${count(commit)}`);
  });
  if (asJson) io.out(JSON.stringify(proof, null, 2));
  else for (const line of proofLines(proof, catalog)) io.out(line);
  if (proof.damages.length === 0) return 0;
  io.err(`see ${runbookPages[65]}`);
  return 1;
}

/** What was proven, and over which range. */
export function proofLines(proof: LogProof, catalog: Catalog): string[] {
  if (proof.segments === 0) return ['nothing to verify: there is no log'];
  const lines: string[] = [];
  const damaged = proof.damages.length > 0;
  const verdict = damaged ? 'part' : 'ok';
  const row = (what: string, text: string): string => `${verdict.padEnd(6)}${what.padEnd(16)}${text}`;
  for (const damage of proof.damages) lines.push(`${'FAIL'.padEnd(6)}${'damage'.padEnd(16)}${describeDamage(damage)}`);
  lines.push(
    row('segments', `${proof.segments}, ${proof.firstSegment} to ${proof.lastSegment}, generation ${proof.generation}`),
    row('commits', `${count(proof.firstCommit)} to ${count(proof.lastCommit)}: numbers dense, SHA-256 chain unbroken`),
    row(
      'records',
      `${count(proof.records)}, ${count(proof.frameBytes)} bytes: CRC-32 of each, ${proof.chains} producer chains`,
    ),
  );
  for (const { log, partition, first, next } of proof.positions) {
    lines.push(row(`${logName(catalog, log)}/${partition}`, `offsets ${count(first)} to ${count(next - 1)}: dense`));
  }
  if (proof.unfinished) {
    const text = `${describeDamage(proof.unfinished)}. Not acknowledged: being written, or torn by a crash; a start cuts it off`;
    lines.push(`${'note'.padEnd(6)}${'last commit'.padEnd(16)}${text}`);
  }
  return lines;
}

async function cat(place: Place, io: CommandIo, options: CatOptions): Promise<number> {
  const { disk, directory, catalog } = place;
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`--format: "${options.format}" given, text and json are allowed`);
  }
  const log = options.log === undefined ? undefined : logNumber(catalog, options.log);
  const partition = options.partition === undefined ? undefined : wholeNumber('--partition', options.partition);
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit);
  // Somebody may be writing: only what is known durable is shown.
  const end = new PolledEnd(disk, directory);
  const durable = end.read();
  if (durable.commit === 0) {
    io.err(`no log in ${directory}`);
    return 0;
  }
  const reader = openLogReader(disk, {
    directory,
    from: beginning(options, log, partition),
    logs: log === undefined ? undefined : [log],
    durable: () => end.read(),
  })!;
  const wanted = (): boolean => partition === undefined || reader.partition === partition;
  let shown = 0;
  while (shown < limit && !io.signal.aborted) {
    if (!reader.next()) {
      if (!options.follow) break;
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
      continue;
    }
    if (!wanted()) continue;
    const line = options.format === 'json' ? jsonOf(reader, catalog) : textOf(reader, catalog);
    if (options.type !== undefined && line.type !== options.type) continue;
    io.out(line.text);
    shown++;
  }
  if (end.stoppedBy && shown < limit) {
    io.err(
      `nothing is shown from here on: ${describeDamage(end.stoppedBy)}. Being written, or damaged: \`sluice log verify\` tells`,
    );
  }
  reader.close();
  end.close();
  return 0;
}

function beginning(options: CatOptions, log: number | undefined, partition: number | undefined) {
  if (options.from !== undefined && options.commit !== undefined)
    throw new UsageError('--from and --commit exclude each other');
  if (options.commit !== undefined) return { commit: wholeNumber('--commit', options.commit) };
  if (options.from === undefined) return undefined;
  if (log === undefined) throw new UsageError('--from is an offset of a log: --log is needed with it');
  return { positions: [{ log, partition: partition ?? 0, offset: wholeNumber('--from', options.from) }] };
}

function jsonOf(reader: LogReader, catalog: Catalog): { readonly type: string; readonly text: string } {
  const decoded = decode(reader);
  const text = JSON.stringify({
    log: logName(catalog, reader.log),
    partition: reader.partition,
    offset: reader.offset,
    commit: reader.commit,
    chain: reader.chainKey,
    crc: reader.crc,
    ...decoded,
  });
  return { type: decoded.record?.type ?? '', text };
}

function textOf(reader: LogReader, catalog: Catalog): { readonly type: string; readonly text: string } {
  const { record, envelope, malformed } = decode(reader);
  const where = `${logName(catalog, reader.log)}/${reader.partition} ${reader.offset}`;
  if (!record || !envelope) {
    return { type: '', text: `${where.padEnd(24)} unreadable (${malformed}), ${chainName(reader.chainKey)}` };
  }
  const { type, ...fields } = record;
  const time = new Date(Math.floor(envelope.occurredAt / 1000)).toISOString();
  const shown = Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
  return { type, text: `${where.padEnd(24)} ${time} ${type.padEnd(16)} ${shown}` };
}

function decode(reader: LogReader) {
  const envelope = emptyEnvelope();
  try {
    return { envelope, record: decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { malformed: error.message };
  }
}

function logNumber(catalog: Catalog, name: string): number {
  const number = catalog.logs[name];
  if (number === undefined) {
    throw new UsageError(`--log: "${name}" given, there are ${Object.keys(catalog.logs).join(', ') || 'none yet'}`);
  }
  return number;
}

function logName(catalog: Catalog, number: number): string {
  return Object.entries(catalog.logs).find(([, other]) => other === number)?.[0] ?? `log-${number}`;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${option}: "${text}" given, a whole number is needed`);
  return Number(text);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
