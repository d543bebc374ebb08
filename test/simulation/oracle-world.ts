/** Two exchanges side by side: the operators in their loop, and the naive one. Plays steps and compares all they say. */
import assert from 'node:assert/strict';
import { AccountTable } from '../../operators/accounts/account-table.ts';
import { OpenOrders } from '../../operators/accounts/open-orders.ts';
import { RiskState } from '../../operators/accounts/risk-state.ts';
import { matchOrders } from '../../operators/match-orders.ts';
import { FIRST_USER_ACCOUNT } from '../../schemas/brands.ts';
import type { AnyRecord, Place, SymbolConfig } from '../../schemas/generated/records.ts';
import { orderIdOfPosition } from '../../schemas/ids.ts';
import { ExchangeLoop } from '../operators/exchange-loop.ts';
import * as make from '../operators/record-makers.ts';
import { NaiveExchange } from './naive-exchange/naive-exchange.ts';
import type { PlaceStep, Step } from './oracle-steps.ts';
import { TradeLedger } from './trade-ledger.ts';

const ACCOUNT_PARTITIONS = 2;
const SYMBOL_PARTITIONS = 2;
const ASSETS = [1, 2, 3];
/** 2026-01-01T00:00:00Z */
const START_MICROS = 1_767_225_600_000_000;
const SECOND = 1_000_000;
const HUGE = Number.MAX_SAFE_INTEGER;
/** People's accounts, two of them with little money; then two that belong to the system. */
const ACCOUNTS = [100, 101, 102, 103, 104, 105, 2, 3];

/** Symbol 1 has steps of several units; symbol 2 shares its quote, pays fees in what is received, and is large. */
const SYMBOLS: readonly SymbolConfig[] = [
  make.symbolConfig({
    symbol: 1,
    name: 'A-B',
    baseAsset: 1,
    quoteAsset: 2,
    quoteUnitsPerTickLot: 3,
    baseUnitsPerLot: 7,
    minPriceTicks: 80,
    maxPriceTicks: 130,
    minQuantityLots: 2,
    maxQuantityLots: 60,
    minNotionalAmount: 500,
    maxNotionalAmount: 15_000,
    bandPpm: 200_000,
    maxRestingOrders: 30,
    allowedSelfTradeModes: 0b11111,
    feeSchedule: 'quoted',
  }),
  make.symbolConfig({
    symbol: 2,
    name: 'C-B',
    baseAsset: 3,
    quoteAsset: 2,
    quoteUnitsPerTickLot: 1,
    baseUnitsPerLot: 2 ** 46,
    minPriceTicks: 1,
    maxPriceTicks: 1_000,
    minQuantityLots: 1,
    maxQuantityLots: 1_000,
    maxRestingOrders: 30,
    defaultSelfTradeMode: 'decrement',
    allowedSelfTradeModes: 0b11111,
    feeSchedule: 'received',
  }),
];

const RATES = [0, 1_000, 1_500, -500, 333];

export class OracleWorld {
  loop: ExchangeLoop;
  readonly naive = new NaiveExchange({ accountPartitions: ACCOUNT_PARTITIONS, symbolPartitions: SYMBOL_PARTITIONS });
  private readonly ledger = new TradeLedger();
  private readonly told: (record: AnyRecord) => void;
  private timeMicros = START_MICROS;
  private ticks = 0;
  private places: { readonly record: Place; readonly orderId: number }[] = [];
  private configs = new Map<number, SymbolConfig>(SYMBOLS.map((config) => [config.symbol, config]));
  private version = 1;

  /** `told`: called with every command sent and every event of both exchanges, once they were found equal. */
  constructor(told: (record: AnyRecord) => void = () => {}) {
    this.told = told;
    this.loop = this.freshLoop();
    for (const asset of ASSETS) this.send(make.assetConfig({ asset }));
    this.send(make.feeConfig({ schedule: 'quoted', makerPpm: 1_000, takerPpm: 1_500 }));
    this.send(make.feeConfig({ schedule: 'received', makerPpm: -500, takerPpm: 333, feeAsset: 'received' }));
    for (const symbol of SYMBOLS) this.send(symbol);
    for (const [index, account] of ACCOUNTS.slice(0, 6).entries()) {
      for (const asset of ASSETS) {
        const amount = asset === 3 ? 2 ** 46 * 12 : index < 4 ? 60_000 : 4_000;
        this.send(make.deposit({ account, asset, amount, depositId: `opening-${asset}` }));
      }
    }
    this.tick(1);
  }

  play(step: Step): void {
    switch (step.kind) {
      case 'place':
        this.place(this.placeOf(step));
        break;
      case 'repeat': {
        const before = this.places.at(-1 - step.back)?.record;
        if (before === undefined) break;
        const validUntil = step.change === 'validity' ? this.timeMicros + SECOND : before.validUntil;
        const priceTicks = step.change === 'price' ? before.priceTicks + 1 : before.priceTicks;
        this.place({
          ...before,
          validUntil: validUntil as Place['validUntil'],
          priceTicks: priceTicks as Place['priceTicks'],
        });
        break;
      }
      case 'amend':
      case 'cancel': {
        const target = this.target(step);
        const byClientId = step.byClientId && target.clientOrderId !== '';
        const named = {
          account: step.account === -1 ? target.account : this.account(step.account),
          symbol: step.target % 3 === 0 ? 0 : target.symbol,
          orderId: byClientId ? 0 : target.orderId,
          clientOrderId: byClientId ? target.clientOrderId : '',
          validUntil: this.validUntil(step.validity),
        };
        if (step.kind === 'cancel') this.send(make.cancel(named));
        else {
          const lots = step.lots === 10 ? target.executedLots : this.lots(step.lots, target.symbol);
          const priceTicks =
            step.change === 'price' || step.change === 'both' ? this.price(step.price, target.symbol) : 0;
          const quantityLots = step.change === 'lots' || step.change === 'both' ? lots : 0;
          this.send(make.amend({ ...named, priceTicks, quantityLots }));
        }
        break;
      }
      case 'cancel_all': {
        const { symbol, reason } = step;
        this.send(
          make.cancelAll({
            account: this.account(step.account),
            symbol,
            reason,
            validUntil: this.validUntil(step.validity),
          }),
        );
        break;
      }
      case 'deposit':
      case 'withdraw':
      case 'adjust':
        this.transfer(step);
        break;
      case 'market_state': {
        const until = step.until === 0 ? 0 : this.timeMicros + step.until * SECOND;
        this.send(make.admin({ action: 'set_market_state', symbol: step.symbol, marketState: step.state, until }));
        break;
      }
      case 'auction':
        this.send(
          make.admin({
            action: step.open ? 'open_auction' : 'uncross',
            symbol: step.symbol,
            reason: step.open ? 'test' : '',
          }),
        );
        break;
      case 'account_state':
        this.send(
          make.admin({ action: 'set_account_state', account: this.named(step.account), accountState: step.state }),
        );
        break;
      case 'trade_group':
        this.send(
          make.admin({ action: 'set_account_limits', account: this.named(step.account), tradeGroup: step.group }),
        );
        break;
      case 'sweep':
        this.send(make.admin({ action: step.action, account: this.named(step.account), symbol: step.symbol }));
        break;
      case 'rules':
        this.changeRules(step);
        break;
      case 'fees': {
        const makerPpm = RATES[step.maker] ?? 0;
        const takerPpm = RATES[step.taker] ?? 0;
        const received = step.schedule === 1;
        const schedule = received ? 'received' : 'quoted';
        this.send(
          make.feeConfig({
            schedule,
            version: ++this.version,
            makerPpm,
            takerPpm,
            feeAsset: received ? 'received' : 'quote',
          }),
        );
        break;
      }
      case 'limits': {
        const { openOrders, perSecond, group } = step;
        this.send(
          make.limitConfig({
            account: this.named(step.account),
            openOrders,
            ordersPerSecond: perSecond,
            tradeGroup: group,
          }),
        );
        break;
      }
      case 'admission':
        this.send(make.admissionConfig({ remembered: step.remembered, expiryMicros: step.expiry * SECOND }));
        break;
      case 'tick':
        this.tick(step.seconds);
        break;
      case 'wait':
        this.timeMicros += step.micros;
        break;
      case 'restart':
        this.restart();
        break;
    }
  }

  /** Every stage's invariants, the balances of both exchanges, account by account, and those that trades alone give. */
  compareBalances(): void {
    this.loop.checkInvariants();
    this.compareWithTrades();
    for (let partition = 0; partition < ACCOUNT_PARTITIONS; partition++) {
      const state = new RiskState(new AccountTable(), new OpenOrders(), ACCOUNT_PARTITIONS);
      state.restore(this.loop.operatorOf('risk', partition).snapshot());
      const found = new Map<string, string>();
      for (let slot = 1; slot < state.accounts.used; slot++) {
        for (const asset of ASSETS) {
          const account = state.accounts.idOf(slot);
          const amounts = `${state.balances.available(slot, asset)} + ${state.balances.held(slot, asset)}`;
          if (amounts !== '0 + 0') found.set(`account ${account}, asset ${asset}`, amounts);
        }
      }
      const expected = new Map<string, string>();
      for (const each of this.naive.balances.all()) {
        if (each.partition !== partition || (each.available === 0n && each.held === 0n)) continue;
        expected.set(`account ${each.account}, asset ${each.asset}`, `${each.available} + ${each.held}`);
      }
      assert.deepEqual(Object.fromEntries([...found].sort()), Object.fromEntries([...expected].sort()));
    }
  }

  /** Cancels everything that rests; afterwards nothing may be held. */
  drain(): void {
    this.send(make.admin({ action: 'cancel_all' }));
    this.compareBalances();
    for (const { account, asset, held } of this.naive.balances.all()) {
      assert.equal(held, 0n, `account ${account} still holds asset ${asset} with an empty book`);
    }
  }

  private send(record: AnyRecord): number {
    const expected = this.naive.apply(record, this.timeMicros);
    const caused = this.loop.apply(record, this.timeMicros);
    const found = caused.filter(({ log }) => log === 'market' || log === 'accounts');
    for (const log of ['market', 'accounts'] as const) {
      const partitions = log === 'market' ? SYMBOL_PARTITIONS : ACCOUNT_PARTITIONS;
      for (let partition = 0; partition < partitions; partition++) {
        const here = (each: { log: string; partition: number }): boolean =>
          each.log === log && each.partition === partition;
        assert.deepEqual(
          found.filter(here).map((each) => each.record),
          expected.filter(here).map((each) => each.record),
          `${log}/${partition} after ${JSON.stringify(record)}`,
        );
      }
    }
    this.told(record);
    for (const each of expected) {
      // A configuration is in both logs; the ledger takes it twice without harm.
      this.ledger.apply(each.record);
      this.told(each.record);
    }
    this.loop.records.length = 0;
    return caused[0]?.position ?? 0;
  }

  private compareWithTrades(): void {
    for (const { account, asset, available, held } of this.naive.balances.all()) {
      if (account < FIRST_USER_ACCOUNT) continue;
      const owned = this.ledger.amounts.get(`${account}/${asset}`) ?? 0n;
      assert.equal(
        available + held,
        owned,
        `account ${account} has of asset ${asset} what its trades and transfers give`,
      );
    }
  }

  private tick(seconds: number): void {
    this.timeMicros += seconds * SECOND;
    this.send({ type: 'tick', symbol: 0 as AnyRecord['symbol'], seq: 0 as AnyRecord['seq'], number: ++this.ticks });
  }

  private restart(): void {
    const next = this.freshLoop();
    next.restoreFrom(this.loop);
    assert.deepEqual(
      next.stateHashes(),
      this.loop.stateHashes(),
      'a restored exchange has the hashes of the one it came from',
    );
    this.loop = next;
  }

  private freshLoop(): ExchangeLoop {
    return new ExchangeLoop([], {
      match: matchOrders() as never,
      accountPartitions: ACCOUNT_PARTITIONS,
      symbolPartitions: SYMBOL_PARTITIONS,
      startMicros: START_MICROS,
    });
  }

  private place(record: Place): void {
    const position = this.send(record);
    this.places.push({ record, orderId: orderIdOfPosition(position) });
    if (this.places.length > 40) this.places.shift();
  }

  private placeOf(step: PlaceStep): Place {
    const market = step.form !== 'limit';
    const priceTicks = this.price(step.price, step.symbol);
    const byBudget = step.form === 'budget';
    return make.place({
      account: this.account(step.account),
      symbol: step.symbol,
      clientOrderId: step.clientId === 0 ? '' : `c${step.clientId}`,
      side: step.buy ? 'buy' : 'sell',
      orderType: market ? 'market' : 'limit',
      timeInForce: step.timeInForce,
      postOnly: step.postOnly,
      priceTicks,
      quantityLots: byBudget ? 0 : this.lots(step.lots, step.symbol),
      budget: byBudget || step.form === 'odd' ? this.budget(step.budget) : 0,
      selfTradeMode: step.mode,
      expiresAt: step.timeInForce === 'gtd' || step.expiry === 1 ? this.expiry(step.expiry) : 0,
      validUntil: this.validUntil(step.validity),
    });
  }

  /** The order that a step names: one of the open ones, or one of the latest places, or one that never was. */
  private target(step: Extract<Step, { kind: 'amend' | 'cancel' }>): {
    readonly orderId: number;
    readonly account: number;
    readonly symbol: number;
    readonly clientOrderId: string;
    readonly executedLots: number;
  } {
    const open = this.naive.accounts.flatMap(({ orders }) => orders);
    const order = step.any ? undefined : open[step.target % Math.max(1, open.length)];
    if (order !== undefined) {
      const { orderId, account, clientOrderId, config, executed } = order;
      return { orderId, account, clientOrderId, symbol: config.symbol, executedLots: Number(executed) };
    }
    const place = this.places.at(-1 - step.target);
    if (place === undefined)
      return { orderId: 12_345, account: 100, symbol: 1, clientOrderId: 'never', executedLots: 1 };
    const { account, symbol, clientOrderId } = place.record;
    return { orderId: place.orderId, account, symbol, clientOrderId, executedLots: 1 };
  }

  private transfer(step: Extract<Step, { kind: 'deposit' | 'withdraw' | 'adjust' }>): void {
    const account = this.account(step.account);
    const asset = step.asset;
    const amount = [0, 1, 100, 5_000, 60_000, 2 ** 46, 2 ** 52, HUGE, -1, -5_000][step.amount] ?? 0;
    if (step.kind === 'deposit') this.send(make.deposit({ account, asset, amount, depositId: `d${step.id}` }));
    else if (step.kind === 'withdraw')
      this.send(make.withdraw({ account, asset, amount, withdrawalId: `w${step.id}` }));
    else this.send(make.adjust({ account, asset, amount, adjustmentId: `a${step.id}` }));
  }

  private changeRules(step: Extract<Step, { kind: 'rules' }>): void {
    const before = this.configs.get(step.symbol);
    if (before === undefined) return;
    const config = make.symbolConfig({
      ...before,
      bandPpm: [0, 50_000, 200_000][step.band] ?? 0,
      maxRestingOrders: step.resting,
      allowedSelfTradeModes: step.modes,
      version: before.version + 1,
    });
    this.configs.set(step.symbol, config);
    this.send(config);
  }

  private account(index: number): number {
    return ACCOUNTS[index] ?? 100;
  }

  /** As `account`, and 0 (all of them) for -1. */
  private named(index: number): number {
    return index === -1 ? 0 : this.account(index);
  }

  private price(choice: number, symbol: number): number {
    const config = this.configs.get(symbol);
    const lowest = config?.minPriceTicks ?? 1;
    const highest = config?.maxPriceTicks ?? 1_000;
    const edges = [0, lowest - 1, lowest, highest, highest + 1, -1];
    // Far from the middle, and still within a band of a fifth.
    const far = [116, 84];
    return edges[choice] ?? far[choice - 16] ?? 100 + (choice - 11);
  }

  private lots(choice: number, symbol: number): number {
    const config = this.configs.get(symbol);
    const highest = config?.maxQuantityLots ?? 60;
    if (symbol === 2) return [0, 1, highest, highest + 1, 1, 2, 3, -1, 127, 128][choice] ?? 1;
    return [0, 1, highest, highest + 1, 5, 7, 10, -1, 20, 2][choice] ?? 5;
  }

  private budget(choice: number): number {
    // Some are whole lots at the middle price, so that budgets run out exactly.
    return [0, 1, 499, 500, 600, 1_800, 2_400, 15_000, 15_001, -1][choice] ?? 0;
  }

  private expiry(choice: number): number {
    return (
      [
        this.timeMicros,
        this.timeMicros - 1,
        this.timeMicros + 1,
        this.timeMicros + SECOND,
        this.timeMicros + 3 * SECOND,
      ][choice] ?? 0
    );
  }

  private validUntil(choice: number): number {
    const horizon = 60 * SECOND;
    return (
      [0, this.timeMicros, this.timeMicros - 1, this.timeMicros + horizon, this.timeMicros + 10 * horizon][choice] ?? 0
    );
  }
}
