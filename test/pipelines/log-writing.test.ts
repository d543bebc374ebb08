import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { crc32OfRange } from '../../pipelines/runtime/log/crc32.ts';
import { DurableEnd } from '../../pipelines/runtime/log/durable-end.ts';
import { type InlineLogWriter, openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { emptyLogEnd } from '../../pipelines/runtime/log/log-end.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import {
  type JournalDriver,
  type LogWriter,
  type LogWriterOptions,
  RingWriter,
} from '../../pipelines/runtime/log/log-writer.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { makeRing } from '../../pipelines/runtime/log/ring.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import { openWorkerLog } from '../../pipelines/runtime/log/worker-log.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { InvariantBroken } from '../../schemas/assert.ts';
import { ExitError } from '../../schemas/exit.ts';
import { packChainKey } from '../../schemas/ids.ts';
import { FRAME_HEADER_BYTES, frameBytes } from '../../schemas/log-format.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

const LOG = 'data/log';
const SMALL = { segmentBytes: 64 * 1024, ringBytes: 16 * 1024, frameBytesMax: 2048 } as const;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  folders.push(folder);
  return folder;
}

function inlineLog(disk: SimDisk, options: Partial<LogWriterOptions> = {}): InlineLogWriter {
  const { end } = recoverLog(disk, { directory: LOG, generation: 1, marks: [], segmentBytes: SMALL.segmentBytes });
  return openInlineLog(disk, {
    directory: LOG,
    end,
    ...SMALL,
    onFailure: (error) => {
      throw error;
    },
    ...options,
  });
}

function append(writer: LogWriter, log: number, partition: number, offset: number, payload: Uint8Array): void {
  const at = writer.reserve();
  writer.bytes.set(payload, at);
  writer.append(packChainKey(1, 0, partition), log, partition, offset, at + payload.length);
}

function command(writer: LogWriter, log: number, partition: number, offset: number, payload: Uint8Array): void {
  writer.beginCommand();
  append(writer, log, partition, offset, payload);
  writer.endCommand();
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function readTexts(disk: SimDisk): string[] {
  const reader = openLogReader(disk, { directory: LOG });
  const found: string[] = [];
  while (reader?.next()) {
    const payload = Buffer.from(reader.bytes.subarray(reader.payloadAt, reader.payloadEnd));
    found.push(`${reader.log}/${reader.partition} ${reader.offset} ${payload.toString()}`);
  }
  reader?.close();
  return found;
}

describe('checksums of the log', () => {
  it('are those of zlib, for every length and place', () => {
    const random = seededRandom(3);
    const bytes = random.bytes(2048);
    const words = new Int32Array(bytes.buffer);
    for (let length = 0; length < 400; length++) {
      const at = random.below(256) * 4;
      assert.equal(
        crc32OfRange(bytes, words, at, at + length),
        crc32(bytes.subarray(at, at + length)),
        `${length} bytes`,
      );
    }
  });
});

describe('the log', () => {
  it('gives back records in the order of writing, with their places and chains', () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk);
    command(writer, 1, 0, 0, text('a'));
    command(writer, 1, 1, 0, text('b'));
    writer.publish();
    command(writer, 1, 0, 1, text('c'));
    writer.publish();
    assert.deepEqual(readTexts(disk), ['1/0 0 a', '1/1 0 b', '1/0 1 c']);
    const reader = openLogReader(disk, { directory: LOG })!;
    const crcs = new Map<number, number>();
    while (reader.next()) {
      assert.equal(reader.prev, crcs.get(reader.chainKey) ?? 0, 'each record names the one before in its chain');
      crcs.set(reader.chainKey, reader.crc);
    }
    assert.equal(crcs.size, 2);
  });

  it('tells how many commands are durable, after they are', () => {
    const disk = new SimDisk();
    const told: [number, number][] = [];
    const writer = inlineLog(disk, { onDurable: (commands, { commit }) => told.push([commands, commit]) });
    command(writer, 1, 0, 0, text('a'));
    command(writer, 1, 0, 1, text('b'));
    assert.deepEqual(told, [], 'nothing is durable before it is published');
    assert.deepEqual(readTexts(disk), []);
    writer.publish();
    command(writer, 1, 0, 2, text('c'));
    writer.publish();
    writer.publish();
    // The first commit is the one that opening writes.
    assert.deepEqual(told, [
      [2, 2],
      [3, 3],
    ]);
    assert.equal(disk.crashImage(0).contents(`${LOG}/000000000001.log`).length, SMALL.segmentBytes);
  });

  it('keeps the records of one command together, however large the command is', () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk);
    const payload = new Uint8Array(1500).fill(7);
    writer.beginCommand();
    for (let offset = 0; offset < 200; offset++) append(writer, 1, 0, offset, payload);
    assert.ok(disk.contents(`${LOG}/000000000001.log`).length > SMALL.segmentBytes, 'pieces are written already');
    const early = openLogReader(disk, { directory: LOG, durable: () => writer.durableEnd.read() })!;
    assert.equal(early.next(), false, 'nothing of it is visible');
    writer.endCommand();
    writer.publish();
    const reader = openLogReader(disk, { directory: LOG })!;
    let records = 0;
    const commits = new Set<number>();
    while (reader.next()) {
      records++;
      commits.add(reader.commit);
    }
    assert.equal(records, 200);
    assert.equal(commits.size, 1);
    assert.deepEqual(verifyLog(disk, LOG).damages, []);
  });

  it('fills its ring to the last byte and around its end with frames of every length', () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk, { segmentBytes: 1024 * 1024 });
    const random = seededRandom(11);
    const sent: string[] = [];
    for (let offset = 0; offset < 3000; offset++) {
      const payload = random.bytes(random.below(SMALL.frameBytesMax - FRAME_HEADER_BYTES + 1));
      command(writer, 2, 3, offset, payload);
      sent.push(Buffer.from(payload).toString('hex'));
      if (random.below(4) === 0) writer.publish();
    }
    writer.publish();
    const reader = openLogReader(disk, { directory: LOG })!;
    for (const expected of sent) {
      assert.ok(reader.next());
      assert.equal(Buffer.from(reader.bytes.subarray(reader.payloadAt, reader.payloadEnd)).toString('hex'), expected);
    }
    assert.equal(reader.next(), false);
  });

  it('begins a segment when the last is full, and carries chains and offsets over', () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk);
    const payload = new Uint8Array(1000).fill(1);
    for (let offset = 0; offset < 300; offset++) {
      command(writer, 1, offset % 2, Math.floor(offset / 2), payload);
      writer.publish();
    }
    const segments = disk.readDirectory(LOG).filter((name) => name.endsWith('.log'));
    assert.ok(segments.length >= 4, `${segments.length} segments`);
    for (const name of segments) assert.equal(disk.contents(`${LOG}/${name}`).length, SMALL.segmentBytes);
    const proof = verifyLog(disk, LOG);
    assert.deepEqual(proof.damages, []);
    assert.equal(proof.records, 300);
    assert.equal(proof.frameBytes, 300 * frameBytes(1000));
    assert.deepEqual(
      proof.positions.map(({ partition, first, next }) => [partition, first, next]),
      [
        [0, 0, 150],
        [1, 0, 150],
      ],
    );
  });

  it('goes on after a restart as if there had been none', () => {
    const disk = new SimDisk();
    const first = inlineLog(disk);
    command(first, 1, 0, 0, text('a'));
    first.publish();
    first.closeNow();
    const second = inlineLog(disk);
    command(second, 1, 0, 1, text('b'));
    second.publish();
    assert.deepEqual(readTexts(disk), ['1/0 0 a', '1/0 1 b']);
    assert.deepEqual(verifyLog(disk, LOG).damages, []);
  });

  it('ends with a commit that acknowledges all before it, also when nothing was written', async () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk);
    await writer.close();
    const { end, torn } = recoverLog(disk, {
      directory: LOG,
      generation: 1,
      marks: [],
      segmentBytes: SMALL.segmentBytes,
    });
    assert.equal(end.commit, 2);
    assert.equal(torn, undefined);
  });

  it('takes an offset that is not the next one of its log for a bug of ours', () => {
    const writer = inlineLog(new SimDisk());
    command(writer, 1, 0, 0, text('a'));
    command(writer, 1, 0, 2, text('c'));
    assert.throws(
      () => writer.publish(),
      (error) => error instanceof ExitError && error.code === 70 && /offset 2 follows 0/.test(error.message),
    );
  });

  it('refuses records outside a command, frames beyond the bound, and fields that leave their bits', () => {
    const writer = inlineLog(new SimDisk());
    assert.throws(() => append(writer, 1, 0, 0, text('a')), InvariantBroken);
    writer.beginCommand();
    assert.throws(() => writer.beginCommand(), InvariantBroken);
    const at = writer.reserve();
    assert.throws(() => writer.append(1, 1, 0, 0, at + SMALL.frameBytesMax), /2048 are allowed/);
    for (const [chain, log, partition, offset] of [
      [1 << 17, 1, 0, 0],
      [-1, 1, 0, 0],
      [1, 32, 0, 0],
      [1, 1, 256, 0],
      [1, 1, 0, 2 ** 48],
    ] as const) {
      assert.throws(() => writer.append(chain, log, partition, offset, at + 8), InvariantBroken);
    }
    writer.endCommand();
    assert.throws(() => writer.endCommand(), InvariantBroken);
  });

  it('drops segments that nobody needs, never the newest, and refuses to read what is gone', () => {
    const disk = new SimDisk();
    const writer = inlineLog(disk);
    const payload = new Uint8Array(1000);
    for (let offset = 0; offset < 300; offset++) {
      command(writer, 1, 0, offset, payload);
      writer.publish();
    }
    const segments = () => disk.readDirectory(LOG).filter((name) => name.endsWith('.log'));
    const before = segments();
    writer.retireBefore(Number(before[2]!.slice(0, 12)));
    assert.deepEqual(segments(), before.slice(2));
    writer.retireBefore(Number.MAX_SAFE_INTEGER);
    assert.deepEqual(segments(), before.slice(-1));
    assert.deepEqual(verifyLog(disk, LOG).damages, []);
    const gone = (from: { commit: number } | { positions: { log: number; partition: number; offset: number }[] }) => {
      assert.throws(
        () => openLogReader(disk, { directory: LOG, from }),
        (error) => error instanceof ExitError && error.code === 65 && /no longer in the log/.test(error.message),
      );
    };
    gone({ commit: 1 });
    gone({ positions: [{ log: 1, partition: 0, offset: 0 }] });
    writer.closeNow();
    const again = inlineLog(disk);
    command(again, 1, 0, 300, text('on'));
    again.publish();
    assert.equal(readTexts(disk).at(-1), '1/0 300 on');
  });

  it('writes the same bytes from the same records, whatever was on the disk before', () => {
    const bytesOf = (): Uint8Array => {
      const disk = new SimDisk();
      const writer = inlineLog(disk);
      for (let offset = 0; offset < 50; offset++) {
        command(writer, 1, 0, offset, seededRandom(offset).bytes(offset * 3));
        writer.publish();
      }
      return disk.contents(`${LOG}/000000000001.log`);
    };
    assert.deepEqual(bytesOf(), bytesOf());
  });
});

describe('a writer whose journal fails', () => {
  /** A journal that writes nothing and then says that it failed. */
  function failingWriter() {
    const ring = makeRing(16 * 1024);
    const failure = new ExitError(74, 'the disk is gone');
    let failed = false;
    const told: ExitError[] = [];
    const driver: JournalDriver = {
      wake: () => {},
      awaitTail: () => {
        failed = true;
      },
      failure: () => (failed ? failure : undefined),
      spaceIsShort: () => false,
      retireBefore: () => {},
      close: () => Promise.resolve(),
    };
    const writer = new RingWriter(ring, new DurableEnd(), driver, {
      directory: LOG,
      end: emptyLogEnd(1),
      frameBytesMax: 2048,
      onFailure: (error) => told.push(error),
      onDurable: () => assert.fail('nothing is durable'),
    });
    const fail = (): void => {
      failed = true;
    };
    return { writer, fail, told, failure };
  }

  it('settles every flush with the failure, also one that is the first to learn of it', async () => {
    const { writer, fail, told, failure } = failingWriter();
    command(writer, 1, 0, 0, text('a'));
    const early = writer.flush();
    fail();
    await assert.rejects(writer.flush(), failure);
    await assert.rejects(early, failure);
    await assert.rejects(writer.flush(), failure);
    await assert.rejects(writer.close(), failure);
    assert.deepEqual(told, [failure], 'told once');
  });

  it('throws the failure where the maker waits for room', () => {
    const { writer, failure } = failingWriter();
    const payload = new Uint8Array(2000);
    assert.throws(() => {
      for (let offset = 0; ; offset++) command(writer, 1, 0, offset, payload);
    }, failure);
  });

  it('does not wait for room for ever', () => {
    const ring = makeRing(16 * 1024);
    const writer = new RingWriter(
      ring,
      new DurableEnd(),
      {
        wake: () => {},
        awaitTail: () => {},
        failure: () => undefined,
        spaceIsShort: () => false,
        retireBefore: () => {},
        close: () => Promise.resolve(),
      },
      { directory: LOG, end: emptyLogEnd(1), frameBytesMax: 2048, stallDeadlineMs: 1000, onFailure: () => {} },
    );
    assert.throws(
      () => {
        for (let offset = 0; ; offset++) command(writer, 1, 0, offset, new Uint8Array(2000));
      },
      (error) => error instanceof ExitError && error.code === 74 && /written nothing for 1000 ms/.test(error.message),
    );
  });
});

describe('the journal in its own thread', () => {
  it('makes everything durable and readable that was published, over many commits and segments', async () => {
    const directory = temporaryFolder();
    const disk = nodeDisk();
    let told = 0;
    const writer = await openWorkerLog({
      directory,
      end: emptyLogEnd(1),
      segmentBytes: 1024 * 1024,
      ringBytes: 256 * 1024,
      frameBytesMax: 8192,
      onDurable: (commands) => {
        assert.ok(commands > told);
        told = commands;
      },
      onFailure: (error) => {
        throw error;
      },
    });
    const random = seededRandom(5);
    const sums: number[] = [];
    for (let offset = 0; offset < 20_000; offset++) {
      const payload = random.bytes(50 + random.below(200));
      command(writer, 1, offset % 3, Math.floor(offset / 3), payload);
      sums.push(crc32(payload));
      if (offset % 50 === 0) writer.publish();
    }
    await writer.flush();
    assert.equal(told, 20_000);
    assert.equal(writer.durableCommands, 20_000);
    assert.equal(writer.pendingBytes, 0);
    await writer.close();
    const reader = openLogReader(disk, { directory })!;
    for (const [index, sum] of sums.entries()) {
      assert.ok(reader.next(), `record ${index}`);
      assert.equal(crc32(reader.bytes.subarray(reader.payloadAt, reader.payloadEnd)), sum);
    }
    assert.equal(reader.next(), false);
    reader.close();
    assert.deepEqual(verifyLog(disk, directory).damages, []);
    assert.ok(readdirSync(directory).filter((name) => name.endsWith('.log')).length > 2);
  });

  it('blocks the maker while its ring is full, and takes commands that are larger than the ring', async () => {
    const directory = temporaryFolder();
    const writer = await openWorkerLog({
      directory,
      end: emptyLogEnd(1),
      segmentBytes: 1024 * 1024,
      ringBytes: 64 * 1024,
      frameBytesMax: 4096,
      syncIntervalMs: 5,
      onFailure: (error) => {
        throw error;
      },
    });
    const payload = new Uint8Array(2000).fill(9);
    let offset = 0;
    for (let round = 0; round < 10; round++) {
      writer.beginCommand();
      for (let index = 0; index < 100; index++) append(writer, 1, 0, offset++, payload);
      writer.endCommand();
      writer.publish();
      assert.ok(writer.pendingBytes <= 64 * 1024 + 200_000);
    }
    await writer.close();
    const disk = nodeDisk();
    const reader = openLogReader(disk, { directory })!;
    const perCommit = new Map<number, number>();
    while (reader.next()) perCommit.set(reader.commit, (perCommit.get(reader.commit) ?? 0) + 1);
    reader.close();
    assert.equal(
      [...perCommit.values()].reduce((sum, count) => sum + count),
      1000,
    );
    for (const count of perCommit.values()) assert.equal(count % 100, 0, 'a command lies in one commit');
  });

  it('ends by an error, not in silence, when its folder is gone', async () => {
    const directory = join(temporaryFolder(), 'missing');
    await assert.rejects(
      openWorkerLog({ directory, end: emptyLogEnd(1), onFailure: () => {} }),
      (error) => error instanceof ExitError && (error.code === 74 || error.code === 70),
    );
  });

  it('removes retired segments in its second thread', async () => {
    const directory = temporaryFolder();
    const writer = await openWorkerLog({
      directory,
      end: emptyLogEnd(1),
      segmentBytes: 64 * 1024,
      ringBytes: 64 * 1024,
      frameBytesMax: 4096,
      onFailure: (error) => {
        throw error;
      },
    });
    const payload = new Uint8Array(3000);
    for (let offset = 0; offset < 200; offset++) {
      command(writer, 1, 0, offset, payload);
      writer.publish();
      await writer.flush();
    }
    const { segmentFirstCommit } = writer.durableEnd.read();
    writer.retireBefore(segmentFirstCommit);
    const segments = () => readdirSync(directory).filter((name) => name.endsWith('.log'));
    for (let tries = 0; segments().length > 1 && tries < 500; tries++)
      await new Promise((done) => setTimeout(done, 10));
    assert.equal(segments().length, 1);
    await writer.close();
    assert.deepEqual(verifyLog(nodeDisk(), directory).damages, []);
  });
});
