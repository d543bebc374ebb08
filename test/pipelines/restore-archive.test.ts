// A data directory made whole from its archive: every log a prefix of what was, and the state it leads to the same.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { restoreArchive } from '../../pipelines/restore-archive.ts';
import { replayHead } from '../../pipelines/runtime/embedded/replay-head.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import spot from '../../pipelines/spot.ts';
import { ExitError } from '../../schemas/exit.ts';
import type { ArchiveOptions } from '../../sinks/avro-archive/archive-options.ts';
import { avroArchive } from '../../sinks/avro-archive/avro-archive.ts';
import { openFolderStore } from '../../sinks/avro-archive/folder-store.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { frameBlocks, type RecordedMarket, recordMarket, type StoredFrame, stateHashes } from './recorded-market.ts';

const market = recordMarket({ seed: 5, seconds: 24, ordersPerSecond: 60 });

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-restore-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The archive that a run leaves: segments close at ticks, what is open at the end is not in it. */
async function archived(recorded: RecordedMarket, segmentSeconds = 5): Promise<string> {
  const dataDir = temporaryFolder();
  await archiveInto(dataDir, recorded, { segmentSeconds });
  return join(dataDir, 'archive');
}

/** Those logs only, where some are named. */
async function archiveInto(
  dataDir: string,
  recorded: RecordedMarket,
  options: Partial<ArchiveOptions>,
  logs = Object.keys(recorded.catalog.logs),
): Promise<void> {
  writeFileSync(join(dataDir, 'catalog.json'), JSON.stringify(recorded.catalog));
  const sink = await avroArchive(options).open({
    id: 'archive',
    dataDir,
    config: {},
    clock: systemClock(),
    partitions: recorded.catalog.partitions,
    generation: 1,
    say: assert.fail,
  });
  await sink.positions();
  for (const block of frameBlocks(recorded)) if (logs.includes(block.log)) await sink.write(block);
  await sink.close();
}

async function restore(archive: string) {
  const dataDir = temporaryFolder();
  const store = openFolderStore(archive);
  const restored = await restoreArchive({
    store,
    generation: 1,
    graph: spot,
    disk: nodeDisk(),
    dataDir,
    segmentBytes: 4 << 20,
  });
  return { dataDir, restored };
}

/** Records of a restored log, in their order. */
function framesOf(dataDir: string, recorded: RecordedMarket): StoredFrame[] {
  const names = new Map(Object.entries(recorded.catalog.logs).map(([name, number]) => [number, name]));
  const reader = openLogReader(nodeDisk(), { directory: join(dataDir, 'log') })!;
  const frames: StoredFrame[] = [];
  while (reader.next()) {
    const { log, partition, offset, chainKey, bytes, payloadAt, payloadEnd } = reader;
    frames.push({
      log: names.get(log)!,
      partition,
      offset,
      chainKey,
      payload: bytes.slice(payloadAt, payloadEnd),
      command: 0,
    });
  }
  reader.close();
  return frames;
}

/** Every partition of the restored log is a prefix, byte for byte, of the one that was. Answers how long each is. */
function assertPrefixes(dataDir: string, recorded: RecordedMarket): Map<string, number> {
  const was = byPartition(recorded.frames);
  const lengths = new Map<string, number>();
  for (const [key, frames] of byPartition(framesOf(dataDir, recorded))) {
    for (const [index, frame] of frames.entries()) {
      const original = was.get(key)![index]!;
      assert.equal(frame.offset, index, key);
      assert.equal(frame.chainKey, original.chainKey, `${key} offset ${index}`);
      assert.deepEqual(Buffer.from(frame.payload), Buffer.from(original.payload), `${key} offset ${index}`);
    }
    lengths.set(key, frames.length);
  }
  return lengths;
}

function byPartition(frames: readonly StoredFrame[]): Map<string, StoredFrame[]> {
  const partitions = new Map<string, StoredFrame[]>();
  for (const frame of frames) {
    const key = `${frame.log}/${frame.partition}`;
    const list = partitions.get(key) ?? [];
    list.push(frame);
    partitions.set(key, list);
  }
  return partitions;
}

test('restores every archived command, byte for byte, to the state it led to', async () => {
  const archive = await archived(market);
  const verified = await verifyArchive(openFolderStore(archive), 1);
  assert.deepEqual(verified.faults, []);
  const { dataDir, restored } = await restore(archive);
  assertPrefixes(dataDir, market);
  for (const { log, partition, archivedNext, restoredNext } of restored.partitions) {
    assert.ok(restoredNext >= archivedNext, `${log}/${partition}: ${restoredNext} of ${archivedNext}`);
  }
  assert.ok(restored.commands > 500);
  // The restored log proves itself as any log does, and leads to what the run had after the same commands.
  const { head } = replayHead(spot, market.catalog, nodeDisk(), join(dataDir, 'log'), undefined);
  assert.equal(head.commands, restored.commands);
  assert.deepEqual(
    stateHashes(head),
    new Map(restored.stateHashes.map(({ stage, partition, stateHash }) => [`${stage}/${partition}`, stateHash])),
  );
  const sameRun = recordMarketUpTo(restored.lastTick.number);
  assert.deepEqual(stateHashes(head), sameRun);
});

test('restores logs whose segments reach differently far: what one has more of waits for the others', async () => {
  for (const long of [['commands'], ['accounts']]) {
    const dataDir = temporaryFolder();
    const short = Object.keys(market.catalog.logs).filter((log) => !long.includes(log));
    await archiveInto(dataDir, market, { segmentSeconds: 8 }, long);
    await archiveInto(dataDir, market, { segmentSeconds: 1 }, short);
    const { dataDir: restoredDir, restored } = await restore(join(dataDir, 'archive'));
    assertPrefixes(restoredDir, market);
    assert.ok(restored.commands > 500, `${long}: ${restored.commands} commands`);
  }
});

test('a log that was archived less far cuts what it caused, and only that', async () => {
  for (const behind of ['orders/0', 'market/1', 'commands/2', 'accounts/3', 'control/0']) {
    const archive = await archived(market);
    dropNewest(archive, behind);
    const { dataDir, restored } = await restore(archive);
    const lengths = assertPrefixes(dataDir, market);
    const { head } = replayHead(spot, market.catalog, nodeDisk(), join(dataDir, 'log'), undefined);
    assert.equal(head.commands, restored.commands, behind);
    const short = restored.partitions.filter(({ archivedNext, restoredNext }) => restoredNext < archivedNext);
    // What only follows is made again; what decides cuts.
    if (behind === 'market/1' || behind === 'accounts/3') assert.deepEqual(short, [], behind);
    if (behind === 'control/0' || behind === 'commands/2') assert.ok(short.length > 0, behind);
    assert.ok(lengths.get(behind)! > 0);
  }
});

test('a damaged archive is refused with the object that is damaged', async () => {
  const archive = await archived(market);
  const folder = join(archive, 'orders', '0');
  const [segment] = readdirSync(folder).sort();
  const path = join(folder, segment!);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
  await assert.rejects(restore(archive), (error: unknown) => {
    assert.ok(error instanceof ExitError);
    assert.equal(error.code, 65);
    return true;
  });
  const { faults } = await verifyArchive(openFolderStore(archive), 1);
  assert.equal(faults[0]?.where, `orders/0/${segment}`);
});

test('a directory that holds something is refused', async () => {
  const archive = await archived(market);
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'log'));
  writeFileSync(join(dataDir, 'log', '000000000001.log'), 'something');
  const options = { store: openFolderStore(archive), generation: 1, graph: spot, disk: nodeDisk(), dataDir };
  await assert.rejects(restoreArchive(options), (error: unknown) => error instanceof ExitError && error.code === 78);
});

test('an archive without a catalog is refused: its numbers say nothing', async () => {
  const archive = await archived(market);
  rmSync(join(archive, 'catalog'), { recursive: true });
  await assert.rejects(
    restore(archive),
    (error: unknown) => error instanceof ExitError && /no catalog/.test(error.message),
  );
});

/** State of the same run after the command that carried this tick. */
function recordMarketUpTo(tick: number): ReadonlyMap<string, string> {
  return recordMarket({ seed: 5, seconds: tick, ordersPerSecond: 60, stopAtTick: true }).stateHashes;
}

/** Forgets the newest segment of a log partition, as if it had been archived less often. */
function dropNewest(archive: string, place: string): void {
  const newest = (folder: string) => {
    const names = readdirSync(folder).sort((a, b) => Number(a.split('-')[0]) - Number(b.split('-')[0]));
    unlinkSync(join(folder, names.at(-1)!));
  };
  newest(join(archive, place));
  newest(join(archive, 'manifest', place));
}
