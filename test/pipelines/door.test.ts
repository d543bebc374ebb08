import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DoorInside } from '../../pipelines/runtime/embedded/door-inside.ts';
import { type DoorMemory, makeDoor, REFUSED } from '../../pipelines/runtime/embedded/door-memory.ts';
import { DoorOutside } from '../../pipelines/runtime/embedded/door-outside.ts';
import type { HeadInput } from '../../pipelines/runtime/ports.ts';
import type { AccountId, AnyRecord, Sequence, SymbolId } from '../../schemas/generated/records.ts';

/** A source that takes at most `room` inputs and is then full; it runs them when it is told to. */
class Intake {
  room = Number.POSITIVE_INFINITY;
  readonly taken: HeadInput[] = [];
  readonly batches: number[] = [];

  receive = (_port: string, inputs: readonly HeadInput[]): readonly HeadInput[] => {
    const fit = inputs.slice(0, Math.max(0, this.room - this.taken.length));
    this.taken.push(...fit);
    this.batches.push(inputs.length);
    return inputs.slice(fit.length);
  };

  /** Each gets its number in the order of taking as its position. */
  runAll(): void {
    for (const [index, input] of this.taken.entries()) input.taken?.(1000 + index);
  }

  allDurable(): void {
    for (const input of this.taken) input.done?.({ position: 0, records: [] });
  }
}

function doorOf(memory: DoorMemory = makeDoor()) {
  const [commands, control] = [new Intake(), new Intake()];
  let knocks = 0;
  let refusals = 0;
  const outside = new DoorOutside(
    memory,
    [
      { source: 'intake', port: 'commands' },
      { source: 'intake', port: 'control' },
    ],
    () => knocks++,
  );
  const inside = new DoorInside(
    memory,
    [
      { port: 'commands', receive: commands.receive },
      { port: 'control', receive: control.receive },
    ],
    () => refusals++,
  );
  return { outside, inside, commands, control, knocks: () => knocks, refusals: () => refusals };
}

function deposit(id: string): AnyRecord {
  return {
    type: 'deposit',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    asset: 1,
    amount: 5,
    depositId: id,
  } as AnyRecord;
}

describe('the door between a host and the head', () => {
  it('hands on what was put in, in order and whole, with its time and trace', () => {
    const { outside, inside, commands } = doorOf();
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (let index = 0; index < 600; index++)
      outside.put(0, deposit(`d${index}`), 7_000 + index, index === 3 ? trace : null);
    inside.drain();
    assert.deepEqual(
      commands.taken.map(({ record }) => record),
      Array.from({ length: 600 }, (_, index) => deposit(`d${index}`)),
    );
    assert.deepEqual(
      commands.taken.slice(2, 5).map(({ stampedMicros, traceparent }) => [stampedMicros, traceparent]),
      [
        [7_002, null],
        [7_003, trace],
        [7_004, null],
      ],
    );
    assert.ok(commands.batches.length < 10, `${commands.batches.length} batches for 600 records`);
  });

  it('tells positions in the order of the sequences, whatever the order in which they come', () => {
    const { outside, inside, commands } = doorOf();
    const [first, second, third] = ['a', 'b', 'c'].map((id) => outside.put(0, deposit(id), 1, null)!);
    inside.drain();
    commands.taken[1]!.taken!(12);
    assert.equal(outside.answered, 0);
    commands.taken[0]!.taken!(11);
    assert.equal(outside.answered, 2);
    assert.deepEqual([outside.settle(first!), outside.settle(second!)], [11, 12]);
    commands.taken[2]!.taken!(13);
    assert.deepEqual([outside.answered, outside.settle(third!), outside.outstanding], [3, 13, 0]);
  });

  it('says which were refused, and that some were, and goes on with the others', () => {
    const { outside, inside, commands, refusals } = doorOf();
    commands.room = 2;
    for (const id of ['a', 'b', 'c', 'd']) outside.put(0, deposit(id), 1, null);
    inside.drain();
    assert.equal(refusals(), 1);
    assert.equal(outside.answered, 0, 'those before them have no answer yet');
    commands.runAll();
    assert.equal(outside.answered, 4);
    assert.deepEqual(
      [0, 1, 2, 3].map((sequence) => outside.settle(sequence)),
      [1000, 1001, REFUSED, REFUSED],
    );
  });

  it('keeps the order between two ports of a source', () => {
    const { outside, inside, commands, control } = doorOf();
    outside.put(0, deposit('a'), 1, null);
    outside.put(1, deposit('b'), 1, null);
    outside.put(0, deposit('c'), 1, null);
    inside.drain();
    assert.deepEqual([commands.taken.length, control.taken.length, commands.batches.length], [2, 1, 2]);
  });

  it('says up to where everything is durable, also past what was refused', () => {
    const { outside, inside, commands } = doorOf();
    commands.room = 2;
    for (const id of ['a', 'b', 'c']) outside.put(0, deposit(id), 1, null);
    inside.drain();
    commands.runAll();
    assert.equal(outside.durable, 0);
    commands.allDurable();
    assert.equal(outside.durable, 2);
  });

  it('knocks once, however much is put in, until somebody has looked', () => {
    const { outside, inside, knocks } = doorOf();
    for (let index = 0; index < 5; index++) {
      outside.put(0, deposit(`${index}`), 1, null);
      outside.knock();
    }
    assert.equal(knocks(), 1);
    inside.drain();
    outside.put(0, deposit('later'), 1, null);
    outside.knock();
    assert.equal(knocks(), 2);
  });

  it('is bounded: full it takes nothing, and takes again when answers were taken out', () => {
    const { outside, inside, commands } = doorOf(makeDoor(1 << 16, 16));
    for (let index = 0; index < 16; index++) assert.notEqual(outside.put(0, deposit(`${index}`), 1, null), undefined);
    assert.equal(outside.put(0, deposit('one too many'), 1, null), undefined);
    inside.drain();
    commands.runAll();
    assert.equal(outside.put(0, deposit('not yet'), 1, null), undefined);
    outside.settle(0);
    assert.equal(outside.put(0, deposit('now'), 1, null), 16);
  });

  it('goes round its memory many times without losing or mixing anything', () => {
    const { outside, inside, commands } = doorOf(makeDoor(1 << 16, 64));
    let sent = 0;
    let settled = 0;
    for (let round = 0; round < 2_000; round++) {
      const many = 1 + ((round * 7) % 40);
      for (let index = 0; index < many; index++) {
        // Lengths that never divide the lap.
        if (outside.put(0, deposit(`d${sent}-${'x'.repeat(sent % 23)}`), sent, null) === undefined) break;
        sent++;
      }
      inside.drain();
      for (const input of commands.taken.slice(settled))
        input.taken!(5_000 + settled + commands.taken.indexOf(input, settled) - settled);
      while (settled < sent) {
        assert.equal(outside.settle(settled), 5_000 + settled);
        settled++;
      }
    }
    assert.ok(sent > 30_000, `${sent} records`);
    assert.deepEqual(
      commands.taken.map(({ record }) => (record as { readonly depositId: string }).depositId),
      Array.from({ length: sent }, (_, index) => `d${index}-${'x'.repeat(index % 23)}`),
    );
  });

  it('names what leads nowhere', () => {
    const { outside } = doorOf();
    assert.equal(outside.gate('intake', 'control'), 1);
    assert.throws(() => outside.gate('intake', 'nowhere'), /the door leads to no port "nowhere" of source "intake"/);
  });
});
