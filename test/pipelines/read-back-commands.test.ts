import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GatewayCommand, GatewayRecord } from '../../gateway/ports.ts';
import { ReadBackCommands } from '../../pipelines/read-back-commands.ts';
import { DoorInside } from '../../pipelines/runtime/embedded/door-inside.ts';
import { makeDoor } from '../../pipelines/runtime/embedded/door-memory.ts';
import { DoorOutside } from '../../pipelines/runtime/embedded/door-outside.ts';
import type { HeadInput, SinkBlock } from '../../pipelines/runtime/ports.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AccountId, AnyRecord, CancelAll, Deposit, Sequence, SymbolId } from '../../schemas/generated/records.ts';

/** The commands behind a real door, and the head's part played by hand. */
function behindDoor({ outstandingMax = 1 << 15 } = {}) {
  const memory = makeDoor(1 << 20, outstandingMax);
  const gates = ['commands', 'control'].map((port) => ({ source: 'intake', port }));
  let refused: (() => void) | undefined;
  let nowMs = 0;
  const taken: HeadInput[] = [];
  let room = Number.POSITIVE_INFINITY;
  const receive = (_port: string, inputs: readonly HeadInput[]) => {
    const fit = inputs.slice(0, Math.max(0, room - taken.length));
    taken.push(...fit);
    return inputs.slice(fit.length);
  };
  const inside = new DoorInside(
    memory,
    gates.map(({ port }) => ({ port, receive })),
    () => refused?.(),
  );
  const commands = new ReadBackCommands({
    door: new DoorOutside(memory, gates, () => {}),
    clock: { nowMicros: () => 1_000, monotonicMs: () => nowMs, after: () => () => {} },
    onRefused: (listener) => {
      refused = listener;
    },
  });
  return {
    commands,
    taken,
    drain: () => inside.drain(),
    fillAfter: (inputs: number) => {
      room = inputs;
    },
    /** Gives the command with this number of taking a position, as a head does when it has run it. */
    run: (index: number, position: number) => taken[index]!.taken!(position),
    durable: (index: number) => taken[index]!.done?.({ position: 0, records: [] }),
    pass: (milliseconds: number) => {
      nowMs += milliseconds;
    },
  };
}

function deposit(id: string): Deposit {
  return {
    type: 'deposit',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    asset: 1,
    amount: 5,
    depositId: id,
  } as Deposit;
}

const cancelAll = {
  type: 'cancel_all',
  symbol: 0,
  seq: 0,
  account: 100,
  reason: 'user',
  validUntil: 0,
} as unknown as CancelAll;

function block(log: string, firstOffset: number, causes: readonly number[], type = 'balance_change'): SinkBlock {
  return {
    log,
    partition: 0,
    firstOffset,
    lastOffset: firstOffset + causes.length - 1,
    lastTimeMicros: 5,
    records: causes.map((_, index) => ({ type, seq: firstOffset + index }) as unknown as AnyRecord),
    envelopes: causes.map((correlationId) => ({ ...emptyEnvelope(), correlationId })),
    outputs: {},
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('commands that are answered by what was read back', () => {
  it('wait for the records that they caused, and get those and no others', async () => {
    const { commands, drain, run } = behindDoor();
    const [first, second] = [commands.submit(deposit('a'), null), commands.submit(deposit('b'), null)];
    drain();
    run(0, 71);
    run(1, 72);
    commands.delivered([], true);
    assert.ok(await isPending(first), 'a position is no answer');
    commands.delivered([block('accounts', 10, [70, 72]), block('market', 4, [72])], true);
    assert.ok(await isPending(first));
    const { position, records } = await second;
    assert.equal(position, 72);
    assert.deepEqual(
      records.map(({ log, offset, correlationId }) => [log, offset, correlationId]),
      [
        ['accounts', 11, 72],
        ['market', 4, 72],
      ],
    );
    commands.delivered([block('accounts', 12, [71])], false);
    assert.equal((await first).position, 71);
    assert.equal(commands.waiting, false);
  });

  it('tell listeners before they answer, and listeners hear of all', async () => {
    const { commands, drain, run } = behindDoor();
    const heard: GatewayRecord[] = [];
    const order: string[] = [];
    const end = commands.hear((batch) => {
      heard.push(...batch);
      order.push('heard');
    });
    const answer = commands.submit(deposit('a'), null).then(() => order.push('answered'));
    drain();
    run(0, 9);
    commands.delivered([block('accounts', 0, [8, 9])], true);
    await answer;
    assert.deepEqual(
      [heard.map(({ offset }) => offset), order],
      [
        [0, 1],
        ['heard', 'answered'],
      ],
    );
    end();
    commands.delivered([block('accounts', 2, [10])], true);
    assert.equal(heard.length, 2);
  });

  it('that caused nothing in these logs end once all that is durable has been read', async () => {
    const { commands, drain, run, durable } = behindDoor();
    const answer = commands.submit(cancelAll, null);
    drain();
    run(0, 5);
    commands.reading();
    commands.delivered([], true);
    assert.ok(await isPending(answer), 'it may not be durable yet');
    durable(0);
    commands.delivered([], true);
    assert.ok(await isPending(answer), 'the reading began before it was durable');
    commands.reading();
    commands.delivered([], false);
    assert.ok(await isPending(answer), 'there is more to read');
    commands.delivered([], true);
    assert.deepEqual(await answer, { position: 5, records: [] });
  });

  it('in a batch are answered together, with a gap for one that was not taken', async () => {
    const { commands, drain, run, fillAfter } = behindDoor();
    fillAfter(2);
    const answer = commands.submitBatch([deposit('a'), deposit('b'), deposit('c')], null);
    drain();
    run(0, 1);
    run(1, 2);
    commands.delivered([block('accounts', 0, [1])], true);
    assert.ok(await isPending(answer));
    commands.delivered([block('accounts', 1, [2])], true);
    assert.deepEqual(
      (await answer).map((result) => result?.position),
      [1, 2, undefined],
    );
  });

  it('are refused where the exchange does not take them, without waiting for a commit', async () => {
    const { commands, drain, fillAfter } = behindDoor();
    fillAfter(0);
    const answer = commands.submit(deposit('a'), null);
    drain();
    await assert.rejects(answer, { name: 'Overloaded' });
  });

  it('that cannot be written are rejected with the fault, and those before them are not held up', async () => {
    const { commands, drain, run } = behindDoor();
    const broken = { ...deposit('b'), amount: 0.5 } as Deposit;
    const fine = commands.submit(deposit('a'), null);
    await assert.rejects(commands.submitBatch([deposit('c'), broken, deposit('d')], null), { name: 'InvariantBroken' });
    drain();
    for (const index of [0, 1, 2]) run(index, index + 1);
    commands.delivered([block('accounts', 0, [1, 2, 3])], true);
    assert.equal((await fine).position, 1);
    assert.equal(commands.waiting, false);
  });

  it('are shed at the door before it is full, and cancels are not', async () => {
    const { commands } = behindDoor({ outstandingMax: 8192 });
    const waiting: Promise<unknown>[] = [];
    for (let index = 0; index < 4096; index++) waiting.push(commands.submit(deposit(`${index}`), null));
    await assert.rejects(commands.submit(deposit('one too many'), null), { name: 'Overloaded' });
    assert.ok(await isPending(commands.submit(cancelAll as GatewayCommand, null)));
  });

  it('that were taken and never read are said to be in doubt after ten seconds, and harm no other', async () => {
    const { commands, drain, run, pass } = behindDoor();
    const [lost, later] = [commands.submit(deposit('a'), null), commands.submit(deposit('b'), null)];
    drain();
    run(0, 1);
    run(1, 2);
    pass(9_000);
    commands.delivered([block('accounts', 0, [2])], true);
    await later;
    pass(1_001);
    commands.delivered([], true);
    await assert.rejects(lost, { name: 'AnswerLate' });
    const next = commands.submit(deposit('c'), null);
    drain();
    run(2, 3);
    commands.delivered([block('accounts', 1, [1, 3])], true);
    assert.equal((await next).position, 3);
  });
});
