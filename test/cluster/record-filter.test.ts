import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokerRecord } from '../../pipelines/runtime/cluster/broker.ts';
import { RecordFilter, SESSION_MEMORY_MICROS } from '../../pipelines/runtime/cluster/record-filter.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { Micros, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { packChainKey } from '../../schemas/ids.ts';
import { emptyTopicHeader, encodeTopicHeader } from '../../schemas/topic-record.ts';

const PLACE = { name: 'commands/0', generation: 3, base: 0 };
const CHAIN = packChainKey(4, 1, 0);

/** A producer that can be told to say something twice, wrongly, or not at all. */
class Producer {
  readonly log: BrokerRecord[];
  readonly session: string;
  sequence = 0;
  crc = 0;

  constructor(log: BrokerRecord[], session = '') {
    this.log = log;
    this.session = session;
  }

  say(
    text: string | Uint8Array,
    change: { readonly sequence?: number; readonly prevCrc?: number; readonly generation?: number } = {},
  ) {
    const value = Buffer.from(text as string);
    const header = emptyTopicHeader();
    header.generation = change.generation ?? PLACE.generation;
    header.sequence = change.sequence ?? ++this.sequence;
    header.chainKey = CHAIN;
    header.prevCrc = change.prevCrc ?? this.crc;
    const bytes = encodeTopicHeader(header, this.session, value);
    if (change.sequence === undefined) this.crc = header.crc;
    const record = { offset: this.log.length, value, header: bytes, session: this.session };
    this.log.push(record);
    return record;
  }

  tick(timeMicros: number) {
    const bytes = Buffer.alloc(256);
    const envelope = { ...emptyEnvelope(), occurredAt: timeMicros as Micros };
    const end = encodeRecord(
      envelope,
      { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: 1 },
      bytes,
      0,
    );
    return this.say(bytes.subarray(0, end));
  }
}

function repeat(log: BrokerRecord[], index: number): void {
  log.push({ ...log[index]!, offset: log.length });
}

const offsetsOf = (filter: RecordFilter, log: readonly BrokerRecord[]) => log.map((record) => filter.take(record));

describe('a reader of a topic', () => {
  test('drops what it has seen and numbers events as if the repeats were not there', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    stage.say('a');
    stage.say('b');
    repeat(log, 0);
    repeat(log, 1);
    stage.say('c');
    const filter = new RecordFilter(PLACE);
    assert.deepEqual(offsetsOf(filter, log), [0, 1, undefined, undefined, 2]);
    assert.equal(filter.repeats, 2);
    assert.equal(filter.nextPhysical, 5);
  });

  test('stops on a gap with the number of records that are missing', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    stage.say('a');
    stage.say('d', { sequence: 4 });
    const filter = new RecordFilter(PLACE);
    filter.take(log[0]!);
    assert.throws(() => filter.take(log[1]!), { name: 'ExitError', code: 65, message: /2 records are missing/ });
  });

  test('refuses one number with two contents', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    stage.say('a');
    stage.say('b');
    stage.say('other', { sequence: 1, prevCrc: 0 });
    const filter = new RecordFilter(PLACE);
    filter.take(log[0]!);
    filter.take(log[1]!);
    assert.throws(() => filter.take(log[2]!), { name: 'ExitError', code: 76, message: /comes again with checksum/ });
  });

  test('refuses a record that follows another history', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    stage.say('a');
    stage.say('b', { sequence: 2, prevCrc: 12_345 });
    const filter = new RecordFilter(PLACE);
    filter.take(log[0]!);
    assert.throws(() => filter.take(log[1]!), { name: 'ExitError', code: 76 });
  });

  test('refuses a changed byte, a foreign record and another generation', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    const first = stage.say('abc');
    for (let at = 0; at < first.header.length; at++) {
      const header = Buffer.from(first.header);
      header[at] = header[at]! ^ 1;
      assert.throws(() => new RecordFilter(PLACE).take({ ...first, header }), { name: 'ExitError', code: 65 });
    }
    const value = Buffer.from('abd');
    assert.throws(() => new RecordFilter(PLACE).take({ ...first, value }), { code: 65, message: /checksum/ });
    assert.throws(() => new RecordFilter(PLACE).take({ ...first, header: undefined }), { code: 65 });
    const older = new Producer([]).say('x', { generation: 2 });
    assert.throws(() => new RecordFilter(PLACE).take(older), { code: 65, message: /of generation 2/ });
  });

  test('goes on from a kept state as if it had never stopped', () => {
    const log: BrokerRecord[] = [];
    const stage = new Producer(log);
    const gateway = new Producer(log, 'g1');
    for (let round = 0; round < 20; round++) {
      stage.say(`s${round}`);
      gateway.say(`g${round}`);
      if (round % 3 === 0) repeat(log, log.length - 2);
      if (round % 4 === 0) repeat(log, log.length - 1);
    }
    const whole = new RecordFilter(PLACE);
    const expected = offsetsOf(whole, log);
    for (let cut = 0; cut <= log.length; cut++) {
      const before = new RecordFilter(PLACE);
      const first = offsetsOf(before, log.slice(0, cut));
      const after = new RecordFilter(PLACE, JSON.parse(JSON.stringify(before.state())));
      assert.deepEqual([...first, ...offsetsOf(after, log.slice(cut))], expected, `cut at ${cut}`);
      assert.deepEqual(after.state(), whole.state());
    }
  });
});

describe('the numbers of a session', () => {
  test('drop repeats and never stop anything', () => {
    const log: BrokerRecord[] = [];
    const gateway = new Producer(log, 'g1');
    gateway.say('a', { sequence: 100 });
    gateway.say('b', { sequence: 300 });
    gateway.say('late', { sequence: 200 });
    gateway.say('a', { sequence: 100 });
    gateway.say('c', { sequence: 301 });
    const filter = new RecordFilter(PLACE);
    assert.deepEqual(offsetsOf(filter, log), [0, 1, undefined, undefined, 2]);
  });

  test('are counted for each session alone', () => {
    const log: BrokerRecord[] = [];
    new Producer(log, 'g1').say('a');
    new Producer(log, 'g2').say('a');
    assert.deepEqual(offsetsOf(new RecordFilter(PLACE), log), [0, 1]);
  });

  test('are forgotten when no command of it can be valid any more, by the clock of the log', () => {
    const log: BrokerRecord[] = [];
    const clock = new Producer(log, 'clock');
    const gateway = new Producer(log, 'g1');
    const start = 1_700_000_000_000_000;
    clock.tick(start);
    gateway.say('a');
    clock.tick(start + SESSION_MEMORY_MICROS);
    const filter = new RecordFilter(PLACE);
    offsetsOf(filter, log);
    assert.deepEqual(
      filter.state().sessions.map(({ session }) => session),
      ['clock', 'g1'],
    );
    filter.take(clock.tick(start + SESSION_MEMORY_MICROS + 1));
    assert.deepEqual(
      filter.state().sessions.map(({ session }) => session),
      ['clock'],
    );
  });
});
