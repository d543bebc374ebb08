/** A run of the workload over log and snapshots on a simulated disk, and the check of what a crash left of it. */
import assert from 'node:assert/strict';
import { type InlineLogWriter, openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import type { LogWriter } from '../../pipelines/runtime/log/log-writer.ts';
import { type DurableMark, type RecoveredLog, recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import type { Disk } from '../../pipelines/runtime/outside/disk.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import type { Snapshot } from '../../pipelines/runtime/snapshots/snapshot-file.ts';
import { SnapshotStore } from '../../pipelines/runtime/snapshots/snapshot-store.ts';
import { COMMANDS_LOG, MARKET_LOG, PARTITIONS, recordsOfCommand, WorkloadState } from './log-workload.ts';
import type { SimDisk } from './sim-disk.ts';

export const LOG = 'data/log';
export const SNAPSHOTS = 'data/snapshots';
export const SEGMENT_BYTES = 32 * 1024;
const RING_BYTES = 16 * 1024;
const FRAME_BYTES_MAX = 2048;
const SNAPSHOTS_KEPT = 2;

export interface LogRun {
  readonly seed: number;
  readonly state: WorkloadState;
  /** Commands told durable. */
  acknowledged: number;
  /** What a ledger that follows the log would have as its cursors. */
  cursors: readonly DurableMark[];
  /** Commands of which the log may know: ended, or being written. */
  begun: number;
  writer: InlineLogWriter;
}

/** Recovers the log and goes on from there; the state is folded from the newest snapshot and the log behind it. */
export function resumeRun(
  disk: Disk,
  seed: number,
  marks: readonly DurableMark[] = [],
): LogRun & { recovered: RecoveredLog } {
  const store = new SnapshotStore(disk, SNAPSHOTS, SNAPSHOTS_KEPT);
  const recovered = recoverLog(disk, {
    directory: LOG,
    generation: 1,
    segmentBytes: SEGMENT_BYTES,
    marks: [...store.marks(), ...marks],
  });
  const state = foldedState(disk, store);
  const run: LogRun & { recovered: RecoveredLog } = {
    seed,
    state,
    acknowledged: state.commands,
    cursors: cursorsOf(state),
    begun: state.commands,
    recovered,
    writer: undefined as unknown as InlineLogWriter,
  };
  run.writer = openInlineLog(disk, {
    directory: LOG,
    end: recovered.end,
    segmentBytes: SEGMENT_BYTES,
    ringBytes: RING_BYTES,
    frameBytesMax: FRAME_BYTES_MAX,
    onDurable: () => {
      run.acknowledged = run.state.commands;
      run.cursors = cursorsOf(run.state);
    },
    onFailure: (error) => {
      throw error;
    },
  });
  return run;
}

/** Appends `commands` commands in commits of one to four, with a snapshot now and then, and retires what no snapshot needs. */
export function continueRun(disk: Disk, run: LogRun, commands: number): void {
  const { writer, state } = run;
  const random = seededRandom(run.seed + state.commands);
  const store = new SnapshotStore(disk, SNAPSHOTS, SNAPSHOTS_KEPT);
  const last = state.commands + commands;
  while (state.commands < last) {
    const batch = Math.min(1 + random.below(4), last - state.commands);
    for (let index = 0; index < batch; index++) appendCommand(run);
    const from = writer.durableEnd.read().commit;
    const bytes = state.encode();
    writer.publish();
    if (random.below(12) > 0) continue;
    store.write(snapshotOf(bytes, from, writer));
    const needed = store.firstCommitNeeded();
    if (needed !== undefined) writer.retireBefore(needed);
  }
}

export function appendCommand(run: LogRun): void {
  const { writer, state } = run;
  run.begun = state.commands + 1;
  writer.beginCommand();
  for (const { chainKey, log, partition, payload } of recordsOfCommand(run.seed, state.commands + 1)) {
    const at = writer.reserve();
    writer.bytes.set(payload, at);
    writer.append(chainKey, log, partition, state.nextOffset(log, partition), at + payload.length);
    state.apply(log, partition, payload);
  }
  writer.endCommand();
  state.commands++;
}

/**
 * Holds a disk after a crash to the promise: everything acknowledged is there; what is there is a beginning of what was commanded, command
 * by command whole; snapshot and log agree; and it can be written on. Returns how many commands were found, and whether a torn write was cut off.
 */
export function checkAfterCrash(
  disk: SimDisk,
  before: LogRun,
  options: { readonly goOn: boolean },
): { readonly commands: number; readonly torn: boolean } {
  const run = resumeRun(disk, before.seed, before.cursors);
  const found = run.state.commands;
  assert.ok(found >= before.acknowledged, `${before.acknowledged} commands were acknowledged, ${found} are there`);
  assert.ok(found <= before.begun, `${before.begun} commands were begun, ${found} are there`);
  checkRecords(disk, before.seed, found);
  assert.deepEqual(run.state.encode(), modelState(before.seed, found).encode());
  if (options.goOn) {
    continueRun(disk, run, 6);
    run.writer.closeNow();
    const again = resumeRun(disk, before.seed, run.cursors);
    assert.equal(again.state.commands, found + 6);
    assert.equal(again.recovered.torn, undefined, 'a closed log has no torn write');
    checkRecords(disk, before.seed, found + 6);
  }
  return { commands: found, torn: run.recovered.torn !== undefined };
}

/** Every record kept is the one commanded, in its place; the last command is whole. */
export function checkRecords(disk: Disk, seed: number, commands: number): void {
  const reader = openLogReader(disk, { directory: LOG })!;
  let command = 0;
  let index = 0;
  let expected = recordsOfCommand(seed, 1);
  while (reader.next()) {
    const view = new DataView(reader.bytes.buffer, reader.payloadAt);
    if (index === 0) {
      const number = view.getUint32(0, true);
      assert.ok(command === 0 || number === command + 1, `command ${number} follows ${command}`);
      command = number;
      expected = recordsOfCommand(seed, command);
    }
    const record = expected[index]!;
    assert.equal(reader.log, record.log);
    assert.equal(reader.partition, record.partition);
    assert.equal(reader.chainKey, record.chainKey);
    const payload = reader.bytes.subarray(reader.payloadAt, reader.payloadEnd);
    assert.ok(Buffer.from(payload).equals(record.payload), `command ${command}, record ${index} has other bytes`);
    index = index + 1 === expected.length ? 0 : index + 1;
  }
  reader.close();
  assert.equal(index, 0, `command ${command} is there in part`);
  assert.ok(
    command === commands || command === 0,
    `the last command of the log is ${command}, the state has ${commands}`,
  );
}

const models = new Map<string, WorkloadState[]>();

/** The state after so many commands, folded from the commands themselves. */
export function modelState(seed: number, commands: number): WorkloadState {
  const key = String(seed);
  const known = models.get(key) ?? [new WorkloadState()];
  models.set(key, known);
  while (known.length <= commands) {
    const state = WorkloadState.decode(known.at(-1)!.encode());
    for (const { log, partition, payload } of recordsOfCommand(seed, known.length))
      state.apply(log, partition, payload);
    state.commands++;
    known.push(state);
  }
  return known[commands]!;
}

function foldedState(disk: Disk, store: SnapshotStore): WorkloadState {
  const { snapshot } = store.newest('state');
  const state = snapshot ? WorkloadState.decode(snapshot.stages[0]!.state) : new WorkloadState();
  const reader = openLogReader(disk, { directory: LOG, from: { commit: (snapshot?.from ?? 0) + 1 } });
  while (reader?.next()) {
    if (reader.offset < state.nextOffset(reader.log, reader.partition)) continue;
    assert.equal(reader.offset, state.nextOffset(reader.log, reader.partition), 'the log continues the snapshot');
    const payload = reader.bytes.slice(reader.payloadAt, reader.payloadEnd);
    state.apply(reader.log, reader.partition, payload);
    state.commands = new DataView(payload.buffer).getUint32(0, true);
  }
  reader?.close();
  return state;
}

function snapshotOf(state: Uint8Array, from: number, writer: LogWriter): Snapshot {
  return {
    series: 'state',
    from,
    mark: writer.durableEnd.readMark(),
    generation: 1,
    takenAtMicros: from,
    about: {},
    stages: [
      {
        stage: 'fold',
        partition: 0,
        generation: 1,
        inbox: { log: 'commands', partition: 0, nextOffset: 0 },
        timeMicros: 0,
        producers: [],
        targets: [],
        stateHash: '',
        configurationHash: '',
        state,
      },
    ],
  };
}

function cursorsOf(state: WorkloadState): DurableMark[] {
  const cursors: DurableMark[] = [];
  for (const log of [COMMANDS_LOG, MARKET_LOG]) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      cursors.push({ source: 'the cursors', log, partition, nextOffset: state.nextOffset(log, partition) });
    }
  }
  return cursors;
}
