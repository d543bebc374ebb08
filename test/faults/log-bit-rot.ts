/** Flips bits of a closed segment and holds recovery and verification to finding every one (E04). */
import assert from 'node:assert/strict';
import { LogDamaged } from '../../pipelines/runtime/log/damage.ts';
import { openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { packChainKey } from '../../schemas/ids.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_AT,
  HEADER_FIXED_BYTES,
  segmentName,
  TRAILER_BYTES,
  TRAILER_MARKER,
} from '../../schemas/log-format.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

export const LOG = 'data/log';

export interface RotSample {
  readonly disk: SimDisk;
  readonly segmentBytes: number;
  /** Names of the segments; all but the last are closed. */
  readonly names: readonly string[];
}

/** A log of several small segments. */
export function makeLog(segmentBytes: number, segments: number): RotSample {
  const disk = new SimDisk();
  const { end } = recoverLog(disk, { directory: LOG, generation: 3, marks: [], segmentBytes });
  const writer = openInlineLog(disk, {
    directory: LOG,
    end,
    segmentBytes,
    ringBytes: 16 * 1024,
    frameBytesMax: 1024,
    fingerprints: [new Uint8Array(8).fill(5), new Uint8Array(8).fill(6)],
    onFailure: (error) => {
      throw error;
    },
  });
  const random = seededRandom(segmentBytes);
  const next = [0, 0, 0];
  const names = () => disk.readDirectory(LOG).filter((name) => name.endsWith('.log'));
  while (names().length < segments) {
    writer.beginCommand();
    for (let index = 0; index < 3; index++) {
      const at = writer.reserve();
      const payload = random.bytes(1 + random.below(60));
      writer.bytes.set(payload, at);
      writer.append(packChainKey(1 + index, 0, index), 1 + index, index, next[index]!++, at + payload.length);
    }
    writer.endCommand();
    writer.publish();
  }
  writer.closeNow();
  return { disk, segmentBytes, names: names() };
}

/**
 * Flips the given bits of a byte of a segment; both the start and the verification must name that segment. The disk is
 * as before afterwards.
 */
export function flipAndFind(sample: RotSample, segment: number, at: number, mask: number): void {
  const { disk, names, segmentBytes } = sample;
  const name = names[segment]!;
  disk.damage(`${LOG}/${name}`, at, mask);
  const where = `segment ${name}, byte ${at}, mask ${mask}`;
  let refused: unknown;
  try {
    recoverLog(disk, { directory: LOG, generation: 3, marks: [], segmentBytes });
  } catch (error) {
    refused = error;
  }
  assert.ok(refused instanceof LogDamaged, `${where}: the start did not refuse`);
  assert.equal(refused.code, 65);
  const firstCommit = Number(name.slice(0, 12));
  // A seam is damaged on both sides: the successor of a segment that ends otherwise may be the one that is named.
  const named = [firstCommit, Number(names[segment + 1]?.slice(0, 12))];
  assert.ok(named.includes(refused.damage.segmentFirstCommit), `${where}: ${refused.message}`);
  assert.match(refused.message, new RegExp(`segment ${segmentName(refused.damage.segmentFirstCommit)}, commit \\d+`));
  const [damage] = verifyLog(disk, LOG).damages;
  assert.ok(damage, `${where}: the verification found nothing`);
  assert.ok(named.includes(damage.segmentFirstCommit), `${where}: the verification named another segment`);
  disk.damage(`${LOG}/${name}`, at, mask);
}

/** Byte ranges of a segment by what stands there. */
export function fieldClasses(segment: Uint8Array): Map<string, [number, number][]> {
  const classes = new Map<string, [number, number][]>();
  const add = (name: string, from: number, to: number): void => {
    if (to <= from) return;
    classes.set(name, [...(classes.get(name) ?? []), [from, to]]);
  };
  const view = new DataView(segment.buffer, segment.byteOffset);
  const headerBytes = view.getUint32(16, true);
  for (const [name, from, to] of [
    ['header magic', 0, 8],
    ['header crc', 8, 12],
    ['header version', 12, 16],
    ['header length', 16, 20],
    ['header generation', 20, 24],
    ['header segment number', 24, 32],
    ['header first commit', 32, 40],
    ['header previous end', 40, 48],
    ['header previous hash', 48, 80],
    ['header counts', 80, 92],
    ['header reserved', 92, 96],
    ['header tables', HEADER_FIXED_BYTES, headerBytes],
  ] as const) {
    add(name, from, to);
  }
  let at = headerBytes;
  while (at + 8 <= segment.length && view.getUint32(at, true) !== 0) {
    if (view.getUint32(at, true) === TRAILER_MARKER) {
      add('trailer marker', at, at + 4);
      add('trailer crc', at + 4, at + 8);
      add('trailer commit', at + 8, at + 16);
      add('trailer records', at + 16, at + 20);
      add('trailer reserved', at + 20, at + 24);
      add('trailer bytes', at + 24, at + 32);
      add('trailer acknowledged', at + 32, at + 40);
      add('trailer hash', at + 40, at + TRAILER_BYTES);
      at += TRAILER_BYTES;
      continue;
    }
    const length = view.getUint32(at, true) & 0xff_ff_ff;
    const end = at + ((length + 7) & ~7);
    add('frame length', at, at + 3);
    add('frame commit', at + 3, at + 4);
    add('frame crc', at + 4, at + 8);
    add('frame prev', at + 8, at + 12);
    add('frame chain', at + 12, at + 16);
    add('frame log and partition', at + 16, at + 18);
    add('frame offset', at + 18, at + FRAME_HEADER_BYTES);
    add('frame payload', at + FRAME_PAYLOAD_AT, at + length);
    add('frame padding', at + length, end);
    at = end;
  }
  add('zeros behind the commits', at, segment.length);
  return classes;
}
