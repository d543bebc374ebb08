/** Token buckets: by the clock that they are given, for key, account and address, with weights; shared without waiting. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Principal } from '../../../gateway/identity/principal.ts';
import { type ClassRates, LocalLimiter, networkOf } from '../../../gateway/limits/local-limiter.ts';
import { watchLoop } from '../../../gateway/limits/loop-pressure.ts';
import { recordedRate } from '../../../gateway/limits/recorded-rates.ts';
import { type SharedBuckets, shareBuckets } from '../../../gateway/limits/share-buckets.ts';
import { TokenBucket } from '../../../gateway/limits/token-bucket.ts';
import type { AccountId, LimitConfig, Micros } from '../../../schemas/generated/records.ts';

class Clock {
  micros = 1_772_323_200_000_000;
  nowMicros() {
    return this.micros;
  }
  advance(seconds: number) {
    this.micros += seconds * 1e6;
  }
}

const each = (size: number, perSecond: number): ClassRates => {
  const rate = { size, perSecond };
  return { read: rate, order: rate, cancel: rate, login: rate };
};
const principal = (account: number, keyId?: string): Principal => ({
  account: account as AccountId,
  userId: `u${account}`,
  roles: ['trader'],
  scopes: ['read', 'trade'],
  ...(keyId === undefined ? {} : { keyId }),
  expiresAtMicros: 9e15 as Micros,
});

describe('a token bucket', () => {
  it('never lets more through than its size and what came back since, whatever is asked when', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(3000), weight: fc.integer({ min: 1, max: 12 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (asked, size, perSecond) => {
        const bucket = new TokenBucket({ size, perSecond }, 0);
        let nowMicros = 0;
        let taken = 0;
        for (const { waitMs, weight } of asked) {
          nowMicros += waitMs * 1000;
          const wait = bucket.waitMs(weight, nowMicros);
          if (wait === 0) {
            bucket.take(weight, nowMicros);
            taken += weight;
          } else if (wait !== Number.POSITIVE_INFINITY) {
            // It is there after the wait that was told, and not long before.
            const copy = new TokenBucket({ size, perSecond }, 0);
            copy.take(size - bucket.level(nowMicros), 0);
            if (wait > 2) assert.ok(copy.waitMs(weight, 1000) > 0);
            assert.equal(copy.waitMs(weight, (wait + 1) * 1000), 0);
          } else {
            assert.ok(weight > size);
          }
          assert.ok(taken <= size + (nowMicros / 1e6) * perSecond + 1e-6);
        }
      }),
    );
  });

  it('takes a clock that goes back for one that stands still', () => {
    const bucket = new TokenBucket({ size: 10, perSecond: 1 }, 5e6);
    bucket.take(10, 5e6);
    assert.equal(bucket.level(1e6), 0);
    assert.equal(bucket.level(7e6), 2);
  });
});

describe('the limiter of a gateway', () => {
  it('holds a key, its account over all keys, and an address apart', () => {
    const clock = new Clock();
    const limiter = new LocalLimiter({ clock, rates: { key: each(5, 1), account: each(8, 1), address: each(3, 1) } });
    const take = (who: Principal | { address: string }) => limiter.take(who, 'read', 1);
    for (let index = 0; index < 5; index++) assert.equal(take(principal(100, 'a')).ok, true);
    const full = take(principal(100, 'a'));
    assert.deepEqual([full.ok, full.of, full.remaining, full.retryAfterMs], [false, 'key', 0, 1000]);
    for (let index = 0; index < 3; index++) assert.equal(take(principal(100, 'b')).ok, true);
    assert.deepEqual([take(principal(100, 'b')).ok, take(principal(100, 'b')).of], [false, 'account']);
    assert.equal(take(principal(101, 'c')).ok, true, 'another account is another one');
    for (let index = 0; index < 3; index++) assert.equal(take({ address: '10.0.0.1' }).ok, true);
    assert.deepEqual([take({ address: '10.0.0.1' }).ok, take({ address: '10.0.0.2' }).ok], [false, true]);
    clock.advance(1);
    assert.equal(take(principal(100, 'a')).ok, true);
  });

  it('takes weights whole or not at all, and tells what is left', () => {
    const limiter = new LocalLimiter({
      clock: new Clock(),
      rates: { key: each(10, 2), account: each(10, 2), address: each(10, 2) },
    });
    const first = limiter.take(principal(100), 'order', 7);
    assert.deepEqual([first.ok, first.limit, first.remaining, first.resetMs], [true, 10, 3, 3500]);
    const second = limiter.take(principal(100), 'order', 4);
    assert.deepEqual([second.ok, second.remaining, second.retryAfterMs], [false, 3, 500]);
    assert.equal(limiter.take(principal(100), 'order', 3).ok, true);
    assert.equal(limiter.take(principal(100), 'read', 10).ok, true, 'another class has a bucket of its own');
  });

  it('counts cancels and never refuses one', () => {
    const limiter = new LocalLimiter({
      clock: new Clock(),
      rates: { key: each(2, 1), account: each(2, 1), address: each(2, 1) },
    });
    for (let index = 0; index < 1000; index++) assert.equal(limiter.take(principal(100, 'k'), 'cancel', 1).ok, true);
    assert.equal(limiter.take(principal(100, 'k'), 'cancel', 1).remaining, 0);
  });

  it('forgets who was there longest ago rather than grow', () => {
    const limiter = new LocalLimiter({ clock: new Clock() });
    for (let index = 0; index < 110_000; index++)
      limiter.take({ address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` }, 'read', 1);
    assert.equal(limiter.buckets, 100_000);
  });

  it('knows an owner of addresses of version 6 by the network', () => {
    for (const [address, network] of [
      ['192.0.2.7', '192.0.2.7'],
      ['::ffff:192.0.2.7', '192.0.2.7'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ] as const) {
      assert.equal(networkOf(address), network, address);
    }
  });
});

describe('the pressure on a gateway', () => {
  /** The loop is held for so long, again and again. */
  async function hold(turns: number, ms: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      const until = performance.now() + ms;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  it('is there while every turn is long, not after a single one, and ends with it', async () => {
    const pressure = watchLoop(50);
    assert.equal(pressure.busy, false);
    await hold(1, 700);
    assert.equal(pressure.busy, false);
    for (let tries = 0; tries < 20 && !pressure.busy; tries++) await hold(4, 150);
    assert.equal(pressure.busy, true);
    for (let tries = 0; tries < 100 && pressure.busy; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(pressure.busy, false);
    pressure.stop();
  });
});

describe('a limit by record', () => {
  const limits = (account: number, ordersPerSecond: number): LimitConfig =>
    ({ account, ordersPerSecond }) as unknown as LimitConfig;
  it('is of the account that it names, for what concerns orders, from the next request on', () => {
    let known = limits(0, 9);
    const views = { limitsOf: () => known };
    const clock = new Clock();
    const limiter = new LocalLimiter({
      clock,
      rates: { key: each(1, 1), account: each(1, 1), address: each(1, 1) },
      accountRates: (account, routeClass) => recordedRate(views, account, routeClass),
    });
    assert.equal(limiter.take(principal(100, 'k'), 'order', 1).limit, 1);
    assert.equal(limiter.take(principal(100, 'k'), 'order', 1).ok, false);
    known = limits(100, 50);
    clock.advance(2);
    const after = limiter.take(principal(100, 'k'), 'order', 40);
    assert.deepEqual([after.ok, after.limit], [true, 100]);
    assert.equal(limiter.take(principal(100, 'k'), 'read', 2).ok, false);
    known = limits(100, 0);
    assert.equal(limiter.take(principal(100, 'k'), 'order', 1).limit, 1, 'a record without a rate says nothing');
  });
});

describe('gateways that share buckets', () => {
  /** Totals in memory, as a cache keeps them; it can be away, and can forget. */
  class Totals {
    readonly #totals = new Map<string, number>();
    away = false;
    member(): SharedBuckets {
      const heard = new Map<string, number>();
      return {
        exchange: async (taken) => {
          if (this.away) throw new Error('away');
          const others = new Map<string, number>();
          for (const [name, weight] of taken) {
            const total = (this.#totals.get(name) ?? 0) + weight;
            this.#totals.set(name, total);
            const elsewhere = total - (heard.get(name) ?? 0) - weight;
            if (elsewhere > 0) others.set(name, elsewhere);
            heard.set(name, total);
          }
          return others;
        },
      };
    }
  }

  const rates = { key: each(10, 1), account: each(10, 1), address: each(10, 1) };
  function twoGateways(totals: Totals) {
    const clock = new Clock();
    const failures: unknown[] = [];
    const gateways = [0, 1].map(() => {
      const limiter = new LocalLimiter({ clock, rates });
      const sharing = shareBuckets(limiter, totals.member(), {
        everyMs: 3_600_000,
        failed: (error) => failures.push(error),
      });
      return { limiter, sharing };
    });
    const [one, two] = gateways as [(typeof gateways)[number], (typeof gateways)[number]];
    return { one, two, failures, stop: () => Promise.all(gateways.map(({ sharing }) => sharing.stop())) };
  }

  it('let through together what one may, once they have told each other', async () => {
    const { one, two, stop } = twoGateways(new Totals());
    for (let index = 0; index < 6; index++) assert.equal(one.limiter.take(principal(100, 'k'), 'read', 1).ok, true);
    assert.equal(two.limiter.take(principal(100, 'k'), 'read', 1).remaining, 9, 'nobody waits for the other');
    await one.sharing.now();
    await two.sharing.now();
    assert.equal(two.limiter.take(principal(100, 'k'), 'read', 1).remaining, 2);
    assert.equal(two.limiter.take(principal(100, 'k'), 'read', 3).ok, false);
    await stop();
  });

  it('go on alone while the store is away, and together after', async () => {
    const totals = new Totals();
    const { one, two, failures, stop } = twoGateways(totals);
    totals.away = true;
    for (let index = 0; index < 4; index++) assert.equal(one.limiter.take(principal(100, 'k'), 'read', 1).ok, true);
    await one.sharing.now();
    assert.equal(failures.length, 1);
    assert.equal(one.limiter.take(principal(100, 'k'), 'read', 6).ok, true, 'its own bucket holds on');
    assert.equal(one.limiter.take(principal(100, 'k'), 'read', 1).ok, false);
    totals.away = false;
    await one.sharing.now();
    assert.equal(two.limiter.take(principal(100, 'k'), 'read', 1).ok, true);
    await two.sharing.now();
    assert.equal(two.limiter.take(principal(100, 'k'), 'read', 1).remaining, 2);
    await stop();
  });
});
