import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRiskSnapshot } from '../../operators/accounts/risk-snapshot.ts';
import type { AnyRecord, Place } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { AccountEvent } from '../../schemas/logs.ts';
import { BalancesByEvents } from './balances-by-events.ts';
import { ExchangeLoop, type ExchangeLoopOptions, type LoopRecord } from './exchange-loop.ts';
import * as make from './record-makers.ts';
import { SeededRandom } from './seeded-random.ts';

const ACCOUNTS = 12;
const ASSETS = [1, 2, 3];
const FIRST = 100;

/** Three markets that share assets, with fees in quote, in what is received, and with a rebate; units that divide badly. */
const config: AnyRecord[] = [
  ...ASSETS.map((asset) => make.assetConfig({ asset })),
  make.feeConfig({ schedule: 'quote', makerPpm: 1_001, takerPpm: 1_503 }),
  make.feeConfig({ schedule: 'received', makerPpm: 703, takerPpm: 1_307, feeAsset: 'received' }),
  make.feeConfig({ schedule: 'rebate', makerPpm: -317, takerPpm: 911 }),
  make.symbolConfig({
    symbol: 1,
    baseAsset: 1,
    quoteAsset: 2,
    quoteUnitsPerTickLot: 7,
    baseUnitsPerLot: 13,
    feeSchedule: 'quote',
    bandPpm: 400_000,
    allowedSelfTradeModes: 31,
  }),
  make.symbolConfig({
    symbol: 2,
    baseAsset: 3,
    quoteAsset: 2,
    feeSchedule: 'received',
    baseUnitsPerLot: 997,
    bandPpm: 300_000,
    allowedSelfTradeModes: 31,
  }),
  make.symbolConfig({
    symbol: 3,
    baseAsset: 3,
    quoteAsset: 1,
    quoteUnitsPerTickLot: 3,
    feeSchedule: 'rebate',
    bandPpm: 500_000,
    allowedSelfTradeModes: 31,
    maxRestingOrders: 40,
  }),
  make.admissionConfig({ remembered: 60 }),
  make.limitConfig({ openOrders: 8, ordersPerSecond: 30 }),
];

/** A day of trading that a seed decides. */
class RandomDay {
  readonly #random: SeededRandom;
  readonly #orders: { account: number; orderId: number; clientOrderId: string; symbol: number }[] = [];
  readonly #places: Place[] = [];
  #version = 2;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  next(nowMicros: number): AnyRecord {
    const random = this.#random;
    const account = FIRST + random.between(0, ACCOUNTS - 1);
    const asset = random.pick(ASSETS);
    const roll = random.between(0, 999);
    if (roll < 30 && this.#places.length > 0) return random.pick(this.#places.slice(-20));
    if (roll < 560) {
      const place = this.#place(account, nowMicros);
      this.#places.push(place);
      return place;
    }
    const named = this.#orders.length > 0 ? random.pick(this.#orders.slice(-60)) : undefined;
    const byClient = random.chance(40);
    const which = named && {
      account: random.chance(95) ? named.account : account,
      symbol: random.chance(95) ? named.symbol : random.between(0, 3),
      orderId: byClient ? 0 : named.orderId,
      clientOrderId: byClient ? named.clientOrderId : '',
    };
    if (roll < 760) return make.cancel({ account, orderId: random.between(0, 40), ...which });
    if (roll < 900) {
      return make.amend({
        account,
        ...which,
        priceTicks: random.chance(50) ? 0 : this.#price(),
        quantityLots: random.chance(40) ? 0 : random.between(1, 40),
      });
    }
    if (roll < 920) return make.cancelAll({ account, symbol: random.between(0, 3) });
    if (roll < 950) return make.deposit({ account, asset, amount: random.between(0, 200_000) });
    if (roll < 970) return make.withdraw({ account, asset, amount: random.between(1, 100_000) });
    if (roll < 980) return make.adjust({ account, asset, amount: random.between(-3_000, 3_000) });
    return this.#control(account);
  }

  placed(records: readonly LoopRecord[]): void {
    for (const { record } of records) {
      if (record.type !== 'admitted_place') continue;
      const { account, orderId, symbol } = record;
      const place = records.find((each) => each.record.type === 'place')!.record as Place;
      this.#orders.push({ account, orderId, symbol, clientOrderId: place.clientOrderId });
    }
  }

  #price(): number {
    return this.#random.between(90, 110);
  }

  #place(account: number, nowMicros: number): Place {
    const random = this.#random;
    const clientOrderId = random.chance(60) ? `c${random.between(0, 400)}` : '';
    const selfTradeMode = random.chance(30) ? null : random.pick(enumSymbols.SelfTradeMode);
    const common = {
      account,
      clientOrderId,
      selfTradeMode,
      symbol: random.between(1, 3),
      side: random.pick(['buy', 'sell'] as const),
    };
    if (random.chance(25)) {
      const timeInForce = random.pick(['ioc', 'fok'] as const);
      const priceTicks = random.chance(50) ? 0 : this.#price();
      if (random.chance(50))
        return make.market({ ...common, timeInForce, priceTicks, quantityLots: random.between(1, 40) });
      return make.market({ ...common, timeInForce, priceTicks, budget: random.between(1, 30_000) });
    }
    const timeInForce = random.pick(['gtc', 'gtc', 'gtc', 'gtd', 'ioc', 'fok'] as const);
    return make.place({
      ...common,
      timeInForce,
      expiresAt: timeInForce === 'gtd' ? nowMicros + random.between(-1, 5) * 1_000_000 : 0,
      postOnly: random.chance(10),
      priceTicks: this.#price(),
      quantityLots: random.between(1, 40),
      validUntil: random.chance(90) ? 0 : nowMicros + random.between(-1, 70) * 1_000_000,
    });
  }

  #control(account: number): AnyRecord {
    const random = this.#random;
    switch (random.between(0, 5)) {
      case 0:
        return make.feeConfig({
          schedule: 'quote',
          version: this.#version++,
          makerPpm: random.between(-500, 2_000),
          takerPpm: random.between(0, 3_000),
        });
      case 1:
        return make.limitConfig({
          account,
          openOrders: random.between(0, 20),
          ordersPerSecond: random.between(0, 50),
          tradeGroup: random.between(0, 2),
        });
      case 2:
        return make.admin({
          account,
          action: 'set_account_state',
          accountState: random.pick(['active', 'active', 'suspended', 'disabled']),
        });
      case 3:
        return make.admin({
          symbol: random.between(1, 3),
          action: 'set_market_state',
          marketState: random.pick(['trading', 'trading', 'halted', 'post_only', 'cancel_only', 'limit_only']),
        });
      case 4:
        return make.admin({
          symbol: random.between(1, 3),
          action: random.pick(['open_auction', 'uncross', 'uncross', 'cancel_all']),
        });
      default:
        return make.admin({
          account,
          action: random.pick(['cancel_all', 'set_account_limits']),
          tradeGroup: random.between(0, 2),
        });
    }
  }
}

/** What risk's snapshots say must be what the accounts log says. */
function assertBalancesFollowFromEvents(exchange: ExchangeLoop, ledger: BalancesByEvents, partitions: number): void {
  const found = new Map<string, { available: bigint; held: bigint }>();
  let heldByOrders = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const { balances, orders } = readRiskSnapshot(exchange.operatorOf('risk', partition).snapshot());
    for (const { account, asset, available, held } of balances) {
      const old = found.get(`${account}/${asset}`) ?? { available: 0n, held: 0n };
      found.set(`${account}/${asset}`, { available: old.available + BigInt(available), held: old.held + BigInt(held) });
    }
    for (const order of orders) {
      assert.equal(BigInt(order.held), ledger.heldByOrder.get(order.orderId) ?? 0n, `hold of order ${order.orderId}`);
      if (order.held > 0) heldByOrders++;
    }
  }
  assert.equal(heldByOrders, ledger.heldByOrder.size, 'orders that hold something');
  const nonZero = [...ledger.balances].filter(([, b]) => b.available !== 0n || b.held !== 0n).sort();
  const foundNonZero = [...found].filter(([, b]) => b.available !== 0n || b.held !== 0n).sort();
  assert.deepEqual(foundNonZero, nonZero);
}

function runDay(seed: number, commands: number, options: ExchangeLoopOptions): ExchangeLoop {
  const partitions = options.accountPartitions ?? 1;
  const exchange = new ExchangeLoop(config, { checked: true, ...options });
  const day = new RandomDay(seed);
  const ledger = new BalancesByEvents();
  let told = 0;
  const tell = () => {
    for (; told < exchange.records.length; told++) {
      const { log, record } = exchange.records[told]!;
      if (log === 'accounts') ledger.apply(record as AccountEvent);
    }
  };
  for (let account = FIRST; account < FIRST + ACCOUNTS; account++) {
    for (const asset of ASSETS) exchange.apply(make.deposit({ account, asset, amount: 400_000 }));
  }
  for (let step = 0; step < commands; step++) {
    if (step % 12 === 0) exchange.tick(400_000);
    day.placed(exchange.apply(day.next(exchange.timeMicros)));
    tell();
    if (step % 250 === 0) assertBalancesFollowFromEvents(exchange, ledger, partitions);
  }
  // Drain: every order is cancelled, so every hold must be exactly zero.
  for (let account = FIRST; account < FIRST + ACCOUNTS; account++) exchange.apply(make.cancelAll({ account }));
  tell();
  assertBalancesFollowFromEvents(exchange, ledger, partitions);
  assert.deepEqual([...ledger.heldByOrder], [], 'a drained exchange holds nothing');
  for (const asset of ASSETS) {
    let sum = 0n;
    for (const [key, balance] of ledger.balances) {
      if (key.endsWith(`/${asset}`)) sum += balance.available + balance.held;
      if (key.endsWith(`/${asset}`)) assert.equal(balance.held, 0n);
    }
    assert.equal(sum, 0n, `asset ${asset} sums to zero`);
    assert.equal(ledger.of(3, asset).available, 0n, 'what clearing owes in one partition it has in another');
  }
  return exchange;
}

for (const seed of [1, 2, 3]) {
  test(`keeps every hold, balance and sum exact through a random day (seed ${seed})`, () => {
    runDay(seed, 900, { accountPartitions: 1 + (seed % 3), symbolPartitions: 1 + (seed % 2) });
  });
}

test('produces fills, releases and every outcome that an account can see in a random day', () => {
  const exchange = runDay(5, 1_500, { accountPartitions: 2 });
  const types = new Set(exchange.records.filter((each) => each.log === 'accounts').map((each) => each.record.type));
  for (const type of AccountEvent.types) if (type !== 'checkpoint') assert.ok(types.has(type), `no ${type}`);
});

test('goes on from a snapshot at any moment exactly as it would have gone on', () => {
  const options = { accountPartitions: 2, symbolPartitions: 2, checked: false };
  const exchange = new ExchangeLoop(config, options);
  const day = new RandomDay(77);
  for (let account = FIRST; account < FIRST + ACCOUNTS; account++) {
    for (const asset of ASSETS) exchange.apply(make.deposit({ account, asset, amount: 400_000 }));
  }
  let twin = new ExchangeLoop([], options);
  for (let step = 0; step < 1_200; step++) {
    if (step % 37 === 0) {
      twin = new ExchangeLoop([], options);
      twin.restoreFrom(exchange);
      assert.deepEqual(twin.stateHashes(), exchange.stateHashes());
      assert.deepEqual(twin.snapshots(), exchange.snapshots());
    }
    if (step % 12 === 0) assert.deepEqual(twin.tick(400_000), exchange.tick(400_000));
    const command = day.next(exchange.timeMicros);
    const records = exchange.apply(command);
    assert.deepEqual(twin.apply(command), records);
    day.placed(records);
  }
  assert.deepEqual(twin.stateHashes(), exchange.stateHashes());
});
