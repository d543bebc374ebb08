import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeadRunner } from '../../pipelines/runtime/embedded/head-runner.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { AccountId, Micros, OrderId, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { HashingStore, newHead, START_MICROS } from './head-in-memory.ts';

const base = { symbol: 1 as SymbolId, seq: 0 as Sequence, account: 100 as AccountId };
const cancel = {
  record: {
    type: 'cancel',
    ...base,
    orderId: 7 as OrderId,
    clientOrderId: '',
    reason: 'user',
    validUntil: (START_MICROS + 1_000_000) as Micros,
  } as const,
  stampedMicros: START_MICROS,
};
const deposit = {
  record: { type: 'deposit', ...base, symbol: 0 as SymbolId, asset: 1, amount: 1, depositId: 'd' } as never,
  stampedMicros: START_MICROS,
};

/** A runner whose journal is never done, so that what is taken stays in flight. */
function stalledRunner() {
  let durable: (commands: number) => void = () => {};
  const head = newHead(new HashingStore());
  const journal = {
    publish() {},
    onDurable(listener: (commands: number) => void) {
      durable = listener;
    },
  };
  const runner = new HeadRunner(head, journal, systemClock(), assert.ifError, {
    inFlightMax: 10,
    reserved: 4,
    calming: new Set(['cancel']),
    sliceMs: 5,
    publishEvery: 256,
  });
  return { runner, feed: runner.feedOf('intake'), finish: () => durable(head.commands) };
}

describe('an intake that is all but full', () => {
  it('keeps room for what calms the market, and refuses the others', () => {
    const { runner, feed } = stalledRunner();
    for (let index = 0; index < 6; index++) assert.equal(feed.offer('commands', [deposit]), true);
    assert.equal(feed.offer('commands', [deposit]), false);
    assert.equal(feed.offer('commands', [cancel, deposit]), false, 'company of a cancel is no pass');
    for (let index = 0; index < 4; index++) assert.equal(feed.offer('commands', [cancel]), true);
    assert.equal(feed.offer('commands', [cancel]), false, 'there is an end to it');
    assert.equal(runner.inFlight, 10);
  });

  it('counts what it refused at the edge that had to wait', () => {
    const { runner, feed } = stalledRunner();
    for (let index = 0; index < 8; index++) feed.offer('commands', [deposit]);
    const edge = runner.head.edges.get('intake.commands -> commands')!;
    assert.equal(edge.blocked, 2);
  });

  it('takes all again when enough is durable', async () => {
    const { runner, feed, finish } = stalledRunner();
    for (let index = 0; index < 6; index++) feed.offer('commands', [deposit]);
    while (runner.head.commands < 6) await new Promise((resolve) => setImmediate(resolve));
    finish();
    assert.equal(runner.inFlight, 0);
    assert.equal(feed.offer('commands', [deposit]), true);
  });
});
