import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { SECTOR_BYTES, SimDisk, SimulatedCrash } from './sim-disk.ts';

const bytesOf = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** A disk with one durable file of zeros. */
function diskWithFile(length = 8 * SECTOR_BYTES): SimDisk {
  const disk = new SimDisk();
  const file = disk.open('d/file', 'create');
  file.write(new Uint8Array(length), 0, length, 0);
  file.syncData();
  disk.syncDirectory('d');
  return disk;
}

describe('the simulated disk', () => {
  it('shows writes to readers at once, and keeps them only when they are synced', () => {
    const disk = diskWithFile();
    const file = disk.open('d/file', 'write');
    file.write(bytesOf(10, 1), 0, 10, 0);
    assert.deepEqual(disk.contents('d/file').subarray(0, 10), bytesOf(10, 1));
    assert.deepEqual(disk.crashImage(0).contents('d/file').subarray(0, 10), new Uint8Array(10));
    file.syncData();
    assert.deepEqual(disk.crashImage(0).contents('d/file').subarray(0, 10), bytesOf(10, 1));
  });

  it('forgets files whose folder was not synced, also under a new name', () => {
    const disk = diskWithFile();
    disk.open('d/new', 'create').syncData();
    assert.deepEqual(disk.crashImage(0).readDirectory('d'), ['file']);
    disk.rename('d/file', 'd/other');
    assert.deepEqual(disk.readDirectory('d'), ['new', 'other']);
    assert.deepEqual(disk.crashImage(0).readDirectory('d'), ['file']);
    disk.syncDirectory('d');
    assert.deepEqual(disk.crashImage(0).readDirectory('d'), ['new', 'other']);
    disk.unlink('d/new');
    assert.deepEqual(disk.crashImage(0).readDirectory('d'), ['new', 'other']);
  });

  it('lets any subset of unsynced writes survive, torn at sectors in most crashes', () => {
    const disk = diskWithFile();
    const file = disk.open('d/file', 'write');
    for (let sector = 0; sector < 8; sector += 4) {
      const length = 4 * SECTOR_BYTES;
      file.write(bytesOf(length, 1 + sector / 4), 0, length, sector * SECTOR_BYTES);
    }
    const outcomes = new Set<string>();
    let torn = 0;
    let touched = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const contents = disk.crashImage(seed).contents('d/file');
      const sectors: number[] = [];
      for (let at = 0; at < contents.length; at += SECTOR_BYTES) {
        const sector = contents.subarray(at, at + SECTOR_BYTES);
        assert.ok(
          sector.every((byte) => byte === sector[0]),
          'a sector is whole',
        );
        sectors.push(sector[0]!);
      }
      outcomes.add(sectors.join(''));
      const halves = [sectors.slice(0, 4), sectors.slice(4)];
      if (halves.some((half) => half.some((value) => value > 0))) touched++;
      if (halves.some((half) => new Set(half).size > 1)) torn++;
    }
    for (const possible of ['00000000', '11112222', '11110000', '00002222'])
      assert.ok(outcomes.has(possible), possible);
    assert.ok(outcomes.size > 50, `${outcomes.size} outcomes`);
    assert.ok(torn > touched / 2, `${torn} of ${touched} crashes tore something`);
  });

  it('lets writes to one place land in either order', () => {
    const disk = diskWithFile();
    const file = disk.open('d/file', 'write');
    file.write(bytesOf(10, 1), 0, 10, 0);
    file.write(bytesOf(10, 2), 0, 10, 0);
    const seen = new Set<number>();
    for (let seed = 1; seed < 200; seed++) seen.add(disk.crashImage(seed).contents('d/file')[0]!);
    assert.deepEqual([...seen].sort(), [0, 1, 2]);
  });

  it('reports a failed sync once, drops what it should have kept, and lets readers see it all the same', () => {
    const disk = diskWithFile();
    const file = disk.open('d/file', 'write');
    let failures = 1;
    disk.decide = ({ kind }) => (kind === 'sync' && failures-- > 0 ? 'error' : undefined);
    file.write(bytesOf(10, 1), 0, 10, 0);
    assert.throws(() => file.syncData(), { code: 'EIO' });
    file.syncData();
    assert.equal(disk.contents('d/file')[0], 1);
    assert.equal(disk.crashImage(0).contents('d/file')[0], 0);
    assert.equal(disk.restartImage().contents('d/file')[0], 1);
  });

  it('writes short without an error on a full disk, then fails; what is there already can be overwritten', () => {
    const disk = diskWithFile(1000);
    disk.capacityBytes = 1500;
    const file = disk.open('d/file', 'write');
    assert.equal(file.write(bytesOf(800, 1), 0, 800, 1000), 500);
    assert.throws(() => file.write(bytesOf(10, 1), 0, 10, 1500), { code: 'ENOSPC' });
    assert.equal(file.write(bytesOf(800, 2), 0, 800, 0), 800);
  });

  it('never keeps a lying write, and keeps a misplaced one elsewhere', () => {
    for (const [fault, at] of [
      ['lie', undefined],
      ['misplace', SECTOR_BYTES],
    ] as const) {
      const disk = diskWithFile();
      const file = disk.open('d/file', 'write');
      disk.decide = ({ kind }) => (kind === 'write' ? fault : undefined);
      file.write(bytesOf(10, 1), 0, 10, 0);
      file.syncData();
      assert.equal(disk.contents('d/file')[0], 1, 'readers see it');
      const kept = disk.crashImage(0).contents('d/file');
      assert.equal(kept[0], 0);
      const found = kept.indexOf(1);
      assert.equal(found === -1 ? undefined : found, at);
    }
  });

  it('is dead after a crash', () => {
    const disk = diskWithFile();
    disk.decide = ({ kind }) => (kind === 'write' ? 'crash' : undefined);
    const file = disk.open('d/file', 'write');
    assert.throws(() => file.write(bytesOf(10, 1), 0, 10, 0), SimulatedCrash);
    assert.equal(disk.dead, true);
    assert.throws(() => file.syncData(), SimulatedCrash);
    assert.throws(() => disk.readDirectory('d'), SimulatedCrash);
    assert.equal(disk.crashImage(0).contents('d/file')[0], 0);
  });

  it('shows flipped bits to some reads when asked to', () => {
    const disk = diskWithFile();
    disk.readDamage = 0.5;
    const bytes = new Uint8Array(8 * SECTOR_BYTES);
    let damaged = 0;
    for (let round = 0; round < 100; round++) {
      disk.open('d/file', 'read').read(bytes, 0, bytes.length, 0);
      damaged += bytes.filter((byte) => byte !== 0).length;
    }
    assert.ok(damaged > 200 && damaged < 600, `${damaged} of 800 sectors`);
  });

  it('repeats a seed to the byte', () => {
    const trace = (): string => {
      const hash = createHash('sha256');
      const disk = diskWithFile();
      disk.onPoint = ({ number, kind }) => {
        hash.update(`${number} ${kind}`);
        hash.update(disk.crashImage(number).contents('d/file'));
      };
      const random = seededRandom(9);
      const file = disk.open('d/file', 'write');
      for (let round = 0; round < 100; round++) {
        const length = 1 + random.below(3000);
        file.write(random.bytes(length), 0, length, random.below(1000));
        if (random.below(3) === 0) file.syncData();
      }
      return hash.digest('hex');
    };
    assert.equal(trace(), trace());
  });
});
